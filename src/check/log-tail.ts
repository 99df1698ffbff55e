import type { LogConfig } from '../config.ts';
import { openLog } from '../logs/archive.ts';
import { SessionReader } from '../logs/session-reader.ts';
import { createSyslogReader, type SyslogReader } from '../logs/syslog.ts';
import { type LocalZone, localZone, zoneOf } from '../logs/zone.ts';
import type { EnvelopeContext, Hint, LogParser, ParserModule } from '../parser.ts';
import { optionsOf } from '../reading/parser-options.ts';
import { BUILT_IN, createParser } from '../registry.ts';
import type { CheckDeps } from './deps.ts';

/** Enough for the last whole line. */
const END_BYTES = 65_536;
const DAY_MS = 86_400_000;

/** What the end of a log tells. */
export interface Tail {
  readonly lines: number;
  readonly sessions: number;
  readonly hints: readonly Hint[];
  /** UTC ms of the stamp of the very last line, whoever wrote it. */
  readonly lastTime: number | undefined;
  /** Lines by the built-in format they look like. */
  readonly looksLike: ReadonlyMap<string, number>;
}

/** Reads a log from a place on, as `run` would, and keeps nothing. */
export async function readTail(
  deps: CheckDeps,
  log: LogConfig,
  module: ParserModule,
  path: string,
  { from, changed }: { readonly from: number; readonly changed: number },
): Promise<Tail> {
  const ownPostfix = module.name === 'postfix' && log.host === undefined ? deps.local.postfix : undefined;
  // What Postfix is set to now says nothing of what it logged before: here the log speaks for itself.
  const { tlsLogLevel: _, ...options } = optionsOf(deps.config, log, ownPostfix);
  const parser = createParser(module, options);
  const zone = zoneOf(log.timezone ?? localZone());
  const host = log.host ?? deps.host;
  // A day of room, so that a log read in the wrong zone is seen to be of the future.
  const latest = () => changed + DAY_MS;
  let sessions = 0;
  const reader = new SessionReader({ parser, zone, host, latest, onSession: () => sessions++ });
  const looksLike = new Map<string, number>();
  let end = Buffer.alloc(0);
  for await (const piece of openLog(path, { from })) {
    countFormats(piece, looksLike);
    reader.bytes(piece);
    end = Buffer.concat([end, piece]).subarray(-END_BYTES);
  }
  reader.finish();
  return {
    lines: reader.lines,
    sessions,
    hints: parser.hints?.(reader.table, reader.table.keys()) ?? [],
    lastTime: nearest(
      changed,
      lastStamp(end, parser, createSyslogReader({ zone, host, latest }), { zone, host }),
      zone,
    ),
    looksLike,
  };
}

/** Of two readings of a stamp, that nearer to the file's last change: a file is written when its last line is. */
function nearest(changed: number, time: number | undefined, zone: LocalZone): number | undefined {
  const hour = time === undefined ? undefined : zone.repeated(time);
  if (time === undefined || hour === undefined || time >= hour.again) return time;
  const second = time + hour.end - hour.again;
  return Math.abs(second - changed) < Math.abs(time - changed) ? second : time;
}

function lastStamp(
  end: Buffer,
  parser: LogParser,
  syslog: SyslogReader,
  context: Pick<EnvelopeContext, 'zone' | 'host'>,
): number | undefined {
  const { envelope } = parser;
  for (const line of end.toString('latin1').split('\n').reverse()) {
    const entry = envelope === 'syslog' ? syslog(line) : envelope(line, { ...context, syslog });
    if (entry !== undefined) return entry.time;
  }
  return undefined;
}

function countFormats(piece: Buffer, counts: Map<string, number>): void {
  for (const line of piece.toString('latin1').split('\n')) {
    for (const module of BUILT_IN) {
      if (module.recognises?.(line) === true) counts.set(module.name, (counts.get(module.name) ?? 0) + 1);
    }
  }
}
