import type { Log } from '../ledger/ledger.ts';
import type { SessionSum } from '../ledger/sums.ts';

const HOUR_MS = 3_600_000;

/** The command that shows the lines of a session: in the file that held its hour when it was read. */
export function explainCommand(sum: SessionSum, logs: readonly Log[]): string {
  const file = fileOf(sum, logs) ?? '/var/log/mail.log';
  const parser = sum.parser === 'postfix' ? '' : ` --parser ${quoted(sum.parser)}`;
  return `maillog-tlsrpt explain ${quoted(file)} --domain ${quoted(sum.recipientDomain)}${parser}`;
}

function fileOf(sum: SessionSum, logs: readonly Log[]): string | undefined {
  const mine = logs.filter((log) => log.host === sum.host && log.parser === sum.parser);
  const holds = mine
    .flatMap((log) => log.segments)
    .find(
      ({ firstTime, lastTime }) =>
        (firstTime ?? Number.POSITIVE_INFINITY) < sum.hour + HOUR_MS && (lastTime ?? 0) >= sum.hour,
    );
  const path = holds?.path ?? mine[0]?.name;
  // What came through a pipe, or from a journal, is in no file.
  return path?.startsWith('/') === true ? path : undefined;
}

/** One word of a POSIX shell, whatever it holds. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_./:@%+=-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`;
}
