import type { LogConfig } from '../config.ts';
import type { Log } from '../ledger/ledger.ts';
import type { SessionSum } from '../ledger/sums.ts';
import { journalArguments } from '../logs/journal-name.ts';
import { configuredName, selectionOf } from '../reading/log-name.ts';

const HOUR_MS = 3_600_000;
/** Stands where nobody knows in which file the lines are. */
const SOME_FILE = 'FILE';

/** Where a command is to be run, and what it finds there. */
export interface ExplainPlace {
  /** The logs that the configuration names: `explain` reads their files as it says. */
  readonly logs: readonly LogConfig[];
  /** The directory that relative paths of the configuration start from. */
  readonly directory: string;
  /** This machine's name. */
  readonly host: string;
  /** Absent: the configuration is where it is looked for. */
  readonly configPath?: string;
}

/** The command that shows the lines of a session: in the file that held its hour when it was read, or in the journal. */
export function explainCommand(sum: SessionSum, logs: readonly Log[], place: ExplainPlace): string {
  const found = whereOf(sum, logs);
  const entry = found === undefined ? undefined : entryOf(found.name, sum, place);
  const common = [
    `--domain ${quoted(sum.recipientDomain)}`,
    // A module of one's own is known by its path, which the configuration has.
    ...(sum.parser === 'postfix' || entry?.parser.match(/[./\\]/) ? [] : [`--parser ${quoted(sum.parser)}`]),
    ...(place.configPath === undefined ? [] : [`--config ${quoted(place.configPath)}`]),
  ].join(' ');
  if (found?.name.startsWith('journal:') === true)
    return `${journalctl(sum, entry, place)} | maillog-tlsrpt explain - ${[common, ...ownWords(entry)].join(' ')}`;
  const path = found?.path.startsWith('/') === true ? quoted(found.path) : SOME_FILE;
  return `maillog-tlsrpt explain ${path} ${common}`;
}

function whereOf(
  sum: SessionSum,
  logs: readonly Log[],
): { readonly name: string; readonly path: string } | undefined {
  const mine = logs.filter((log) => log.host === sum.host && log.parser === sum.parser);
  for (const { name, segments } of mine) {
    const holds = segments.find(
      ({ firstTime, lastTime }) =>
        (firstTime ?? Number.POSITIVE_INFINITY) < sum.hour + HOUR_MS && (lastTime ?? 0) >= sum.hour,
    );
    if (holds !== undefined) return { name, path: holds.path };
  }
  const [first] = mine;
  return first === undefined ? undefined : { name: first.name, path: first.name };
}

function entryOf(
  name: string,
  sum: SessionSum,
  { logs, directory, host }: ExplainPlace,
): LogConfig | undefined {
  const named = logs.filter(
    (log) => configuredName(log, directory) === name && (log.host ?? host) === sum.host,
  );
  return named.find(({ parser }) => parser === sum.parser) ?? named[0];
}

/** The entries around the session's hour, with those of connections that began before it. */
function journalctl(sum: SessionSum, entry: LogConfig | undefined, { directory }: ExplainPlace): string {
  const selection = entry === undefined ? ['--no-pager'] : journalArguments(selectionOf(entry, directory));
  const time = (at: number) => quoted(`${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`);
  const span = [`--since=${time(sum.hour - HOUR_MS)}`, `--until=${time(sum.hour + 2 * HOUR_MS)}`];
  return ['journalctl -o json', ...selection.map(quoted), ...span].join(' ');
}

/** What the configuration says of a log that is read through a pipe, where nobody can tell whose lines these are. */
function ownWords(entry: LogConfig | undefined): string[] {
  if (entry === undefined) return [];
  const level = entry['tls-log-level'];
  return [
    ...(entry.host === undefined ? [] : [`--host ${quoted(entry.host)}`]),
    ...entry.relayhosts.map((relay) => `--relayhost ${quoted(relay)}`),
    ...entry['fallback-relays'].map((relay) => `--fallback-relay ${quoted(relay)}`),
    ...(level === undefined ? [] : [`--postfix-tls-loglevel ${level}`]),
  ];
}

/** One word of a POSIX shell, whatever it holds. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_./:@%+=-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`;
}
