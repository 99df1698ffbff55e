import { spawn } from 'node:child_process';
import { type Handover, oneLine } from './handover.ts';
import type { MailWay } from './smtp.ts';

/** Exit codes of sysexits(3) that speak of this very mail; all others pass once the host is mended. */
const PERMANENT: Readonly<Record<number, string>> = {
  65: 'the mail is malformed',
  67: 'the user is unknown',
  68: 'the host is unknown',
};

const TEMPORARY: Readonly<Record<number, string>> = {
  69: 'the mail system is down',
  71: 'a system error',
  75: 'try again later',
  77: 'permission denied',
  78: 'the mail system is misconfigured',
};

/** Mails through the sendmail program of the local MTA, which takes lines that end in LF. */
export function sendmailWay(program: string, timeout = 60_000): MailWay {
  return {
    send: ({ from, to, message }) =>
      new Promise((resolve) => {
        const child = spawn(program, ['-i', '-f', from, '--', to], {
          stdio: ['pipe', 'ignore', 'pipe'],
          timeout,
        });
        let words = '';
        child.stderr.on('data', (chunk: Buffer) => {
          if (words.length < 1000) words += chunk.toString('latin1');
        });
        child.stdin.on('error', () => undefined);
        child.once('error', (error) =>
          resolve({ kind: 'temporary', reason: oneLine(error.message), unreachable: true }),
        );
        child.once('close', (code, signal) => resolve(sendmailVerdict(code, signal, words)));
        child.stdin.end(
          Buffer.from(Buffer.from(message).toString('latin1').replace(/\r\n/g, '\n'), 'latin1'),
        );
      }),
    close: () => undefined,
  };
}

/** What an exit code of sendmail(1) means for the mail. */
function sendmailVerdict(code: number | null, signal: string | null, words: string): Handover {
  if (code === 0) return { kind: 'sent', note: 'taken by sendmail' };
  if (code === null)
    return { kind: 'temporary', reason: `sendmail was ended by ${signal}`, unreachable: true };
  const meaning = PERMANENT[code] ?? TEMPORARY[code];
  const reason = oneLine(
    `sendmail: exit ${code}${meaning === undefined ? '' : ` (${meaning})`}${words === '' ? '' : `: ${words}`}`,
  );
  if (PERMANENT[code] !== undefined)
    return { kind: 'permanent', reason, ...(code !== 65 && { bounced: true }) };
  return { kind: 'temporary', reason, unreachable: true };
}
