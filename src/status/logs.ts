import type { Ledger, Log, Segment } from '../ledger/ledger.ts';
import type { Hint } from '../parser.ts';
import { gapText } from '../reading/gaps.ts';
import { gapsOf } from '../reading/trail.ts';
import { unknownOf } from '../reading/unknown-lines.ts';
import { isoTime } from '../time-text.ts';
import type { LogStatus } from './schema.ts';

/** A log of the configuration. */
export interface ConfiguredLog {
  readonly host: string;
  readonly parser: string;
  readonly name: string;
}

interface Asked {
  /** UTC ms. */
  readonly now: number;
  /** The program's: what an older one did not know, this one may. */
  readonly version: string;
}

/** Hints that are told as facts of their own. */
const TOLD_APART: ReadonlySet<string> = new Set(['unknown-lines', 'parser-fault']);

/** The logs that the ledger knows, and those that were never read though the configuration names them. */
export async function logStatuses(
  ledger: Ledger,
  logs: readonly Log[],
  configured: readonly ConfiguredLog[],
  asked: Asked,
): Promise<LogStatus[]> {
  // Not by the parser: the configuration may name it by a path, or leave it to be found out.
  const key = ({ host, name }: Pick<ConfiguredLog, 'host' | 'name'>) => JSON.stringify([host, name]);
  const named = new Set(configured.map(key));
  const known = new Set(logs.map(key));
  const unread = configured.filter((log) => !known.has(key(log)));
  return [
    ...(await Promise.all(logs.map((log) => logStatus(ledger, log, named.has(key(log)), asked)))),
    ...unread.map((log) => ({ ...log, configured: true, ...NOTHING_READ })),
  ];
}

/** What there is to say of a log before it was read. */
export const NOTHING_READ = {
  segments: 0,
  bytes: 0,
  incomplete: [],
  gaps: [],
  unknown: { count: 0, samples: [] },
  skipped: 0,
  hints: [],
} satisfies Partial<LogStatus>;

async function logStatus(
  ledger: Ledger,
  log: Log,
  configured: boolean,
  { now, version }: Asked,
): Promise<LogStatus> {
  const hints = ((await ledger.note(`hints:${log.id}`)) ?? []) as unknown as readonly Hint[];
  const { faults, count, samples } = await unknownOf(ledger, log.id, version);
  const newest = newestOf(log.segments);
  const { readToEndAt, oldestOpen } = log;
  return {
    host: log.host,
    parser: log.parser,
    name: log.name,
    configured,
    ...(readToEndAt !== undefined && {
      readToEndAt: isoTime(readToEndAt),
      lagSeconds: Math.max(0, Math.round((now - readToEndAt) / 1000)),
    }),
    ...(newest?.lastTime !== undefined && { lastLine: isoTime(newest.lastTime) }),
    ...(oldestOpen !== undefined && { oldestOpen: isoTime(oldestOpen) }),
    segments: log.segments.length,
    bytes: log.segments.reduce((sum, { position }) => sum + position.offset, 0),
    ...(newest !== undefined && { position: { path: newest.path, offset: newest.position.offset } }),
    incomplete: log.segments.filter(({ incomplete }) => incomplete).map(({ path }) => path),
    gaps: (await gapsOf(ledger, log.id)).map(({ kind, noticedAt, after, before }) => ({
      kind,
      noticedAt: isoTime(noticedAt),
      ...(after !== undefined && { after: isoTime(after) }),
      ...(before !== undefined && { before: isoTime(before) }),
      text: gapText({
        kind,
        noticedAt,
        ...(after !== undefined && { after }),
        ...(before !== undefined && { before }),
      }),
    })),
    unknown: { count, samples: [...samples] },
    skipped: faults,
    hints: hints.filter(({ id }) => !TOLD_APART.has(id)).map(({ text }) => text),
  };
}

function newestOf(segments: readonly Segment[]): Segment | undefined {
  const time = (segment: Segment) => segment.lastTime ?? 0;
  return segments.reduce<Segment | undefined>(
    (newest, segment) => (newest === undefined || time(segment) >= time(newest) ? segment : newest),
    undefined,
  );
}
