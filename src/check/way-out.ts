import { readFile, stat } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { systemReason } from '../errors.ts';
import type { Check, CheckDeps } from './deps.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import { isOn, unitsInUse } from './unit-files.ts';

const PATIENCE_MS = 10_000;

/** Whether mail can leave by the way the config names. */
export const checkWayOut: Check = async (deps) => {
  const { via } = deps.config.mail;
  return via === 'sendmail' ? sendmailFindings(deps) : [await serverFinding(via)];
};

/** Under NoNewPrivileges a setgid sendmail runs without its group, and cannot queue. */
async function sendmailFindings(deps: CheckDeps): Promise<Finding[]> {
  const program = deps.config.mail.sendmail;
  const unit = (await unitsInUse(deps)).find((each) => isOn(each, 'NoNewPrivileges'))?.name;
  const own = /^NoNewPrivs:\s*1$/m.test(await readFile('/proc/self/status', 'utf8').catch(() => ''));
  if (unit !== undefined || own) {
    return [
      fail(
        'sendmail-no-privileges',
        `mail.via is sendmail, yet ${unit === undefined ? 'this process' : unit} runs without new privileges: ${program} loses its group there and cannot queue mail`,
        'set mail: {via: "smtp://127.0.0.1:25"}',
      ),
    ];
  }
  const found = await stat(program).catch(() => undefined);
  if (found === undefined || !(await deps.access.can('execute', program)))
    return [
      fail(
        'sendmail-missing',
        `${deps.access.who} cannot run ${program}`,
        'set mail: {via: "smtp://127.0.0.1:25"}, or mail.sendmail to your MTA’s program',
      ),
    ];
  return [ok('way-out', `reports leave through ${program}`)];
}

async function serverFinding(via: string): Promise<Finding> {
  const url = new URL(via);
  const secure = url.protocol === 'smtps:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (secure ? 465 : 25) : Number(url.port);
  const said = await greeting(host, port, secure);
  if (said.kind === 'greeting' && said.text.startsWith('220'))
    return ok('way-out', `reports leave through ${via}, which answers`);
  if (said.kind === 'greeting')
    return warn(
      'way-out-refused',
      `${via} answers ${JSON.stringify(said.text.slice(0, 80))}`,
      'reports are tried again until it takes them; see what the server wants',
    );
  return fail(
    'way-out',
    `${via} cannot be reached: ${said.reason}`,
    'start the MTA, or set mail.via to where mail of this host leaves: "smtp://127.0.0.1:25"',
  );
}

type Said =
  | { readonly kind: 'greeting'; readonly text: string }
  | { readonly kind: 'fault'; readonly reason: string };

/** The first line a mail server says; nothing is sent but QUIT. */
function greeting(host: string, port: number, secure: boolean): Promise<Said> {
  return new Promise((resolve) => {
    const socket = secure
      ? connectTls({ host, port, ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }) })
      : createConnection({ host, port });
    let text = '';
    const done = (said: Said) => {
      socket.destroy();
      resolve(said);
    };
    socket.setTimeout(PATIENCE_MS, () => done({ kind: 'fault', reason: 'it says nothing' }));
    socket.on('error', (error) => done({ kind: 'fault', reason: systemReason(error) }));
    socket.on('close', () => done({ kind: 'fault', reason: 'it closed the connection' }));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const line = /^([^\r\n]*)\r?\n/.exec(text)?.[1];
      if (line === undefined && text.length < 1000) return;
      socket.write('QUIT\r\n');
      done({ kind: 'greeting', text: (line ?? text).replace(/[^\x20-\x7e]/g, '?') });
    });
  });
}
