import type { JsonObject, ParserModule, Trace } from '../parser.ts';
import type { Session } from '../session.ts';
import { SessionReader } from './session-reader.ts';
import type { LocalZone } from './zone.ts';

/** How lines are read that have no file. */
export interface ReadSessionsOptions {
  /** The zone of stamps that carry none. */
  readonly zone: LocalZone;
  /** UTC ms: the clock, for stamps without a year. */
  readonly now: number;
  /** The reading host's name; `localhost` when absent. */
  readonly host?: string;
  readonly trace?: Trace;
}

/** The sessions that lines (without newlines) tell, those still open at the end included: for samples and tests. */
export function readSessions<Options, Open extends JsonObject>(
  lines: Iterable<string>,
  module: ParserModule<Options, Open>,
  options: unknown,
  { zone, now, host = 'localhost', trace }: ReadSessionsOptions,
): Session[] {
  const sessions: Session[] = [];
  const reader = new SessionReader({
    parser: module.create(module.options.parse(options)),
    zone,
    host,
    latest: () => now,
    onSession: (session) => sessions.push(session),
    ...(trace !== undefined && { trace }),
  });
  for (const line of lines) reader.line(line);
  reader.end();
  return sessions;
}
