import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { openLab } from '../../delivery/lab.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../../receivers/smtp.ts';
import { type Postfix, startPostfix } from './postfix.ts';

/** The recipe as docs/delivery.md gives it, for a Postfix that does not know `TLS-Required: No` (before 3.10). */
const DOCUMENT = readFileSync(fileURLToPath(new URL('../../../docs/delivery.md', import.meta.url)), 'utf8');

let receiver: SmtpReceiver;
let postfix: Postfix;
afterEach(async () => {
  postfix.stop();
  await receiver.close();
});

function block(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(DOCUMENT)?.[1];
  if (found === undefined) throw new Error(`docs/delivery.md has no ${language} block`);
  return found;
}

/** The lines `name = value` of a main.cf. */
function settings(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(/ = (.*)/s).slice(0, 2)),
  );
}

async function sendThrough(): Promise<void> {
  const lab = await openLab({ mail: { via: 'sendmail', sendmail: postfix.sendmail } });
  try {
    await lab.freeze('example.org', ['mailto:tls@example.org']);
    expect(await lab.send()).toMatchObject({ sent: 1 });
  } finally {
    await lab.close();
  }
}

async function logged(pattern: RegExp): Promise<void> {
  for (let wait = 0; wait < 200; wait++) {
    if (pattern.test(postfix.log())) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${pattern} did not come:\n${postfix.log()}`);
}

it('a Postfix that demands TLS keeps reports back from a receiver whose TLS is broken', async () => {
  receiver = await startSmtpReceiver({ hideSTARTTLS: true });
  postfix = await startPostfix(receiver.port, { settings: { smtp_tls_security_level: 'encrypt' } });
  await sendThrough();
  await logged(/status=deferred \(TLS is required/);
  expect(receiver.received).toEqual([]);
});

it('with the recipe they arrive all the same (RFC 8460 §5.3.1)', async () => {
  receiver = await startSmtpReceiver({ hideSTARTTLS: true });
  postfix = await startPostfix(receiver.port, {
    settings: { smtp_tls_security_level: 'encrypt', ...settings(block('main.cf')) },
    services: block('master.cf'),
  });
  await sendThrough();
  await logged(/status=sent/);
  expect(receiver.received).toHaveLength(1);
});
