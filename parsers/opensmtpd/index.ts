import {
  CONTRACT,
  type Emit,
  type LogEntry,
  type LogParser,
  type ParserModule,
  type Trace,
} from 'maillog-tlsrpt/parser';
import { takeLine } from './conversation.ts';
import { hintsFrom } from './hints.ts';
import { readLine } from './lines.ts';
import { type OpensmtpdOptions, optionsSchema, readSmarthost } from './options.ts';
import { RULES } from './rules.ts';
import { allFacts, IDLE_S, type Open, type Table } from './state.ts';
import type { Settings } from './telling.ts';

/** OpenSMTPD 6.6 to 7.x: the lines of its transfer agent, `smtpd[PID]: ID mta …`. */
export const parser: ParserModule<OpensmtpdOptions, Open> = {
  name: 'opensmtpd',
  contract: CONTRACT,
  options: optionsSchema,
  rules: RULES,
  recognises: (line) => /\bsmtpd\W.{0,400}?(?:[0-9a-f]{16} (?:mta|smtp) |smtp-out: )/.test(line),
  create: (options) => new OpensmtpdParser(options),
};

class OpensmtpdParser implements LogParser<Open> {
  readonly envelope = 'syslog';
  readonly needles = [' mta ', 'smtp-out: '] as const;
  readonly idleSeconds = IDLE_S;
  readonly #settings: Settings;

  constructor({ relayhosts, ownSender, inferPlaintext }: OpensmtpdOptions) {
    this.#settings = {
      smarthosts: (relayhosts ?? []).flatMap((text) => readSmarthost(text) ?? []),
      ownSender: ownSender?.toLowerCase(),
      inferPlaintext: inferPlaintext ?? true,
    };
  }

  entry(entry: LogEntry, table: Table, emit: Emit, trace?: Trace, unknown?: () => void): void {
    if (entry.program !== 'smtpd') return;
    const line = readLine(entry.message);
    if (line === undefined) return;
    const rule = takeLine({ entry, table, emit, settings: this.#settings }, line);
    if (rule === 'unknown') unknown?.();
    trace?.({ rule, meaning: RULES[rule], id: 'id' in line ? line.id : '' });
  }

  hints(table: Table, keys: Iterable<string>) {
    return hintsFrom(allFacts(table, keys), this.#settings.smarthosts.length > 0);
  }
}
