import {
  type ByteEntry,
  CONTRACT,
  type Emit,
  type JsonObject,
  type LogEntry,
  type LogParser,
  type OpenSessions,
  type ParserModule,
  type Trace,
} from 'maillog-tlsrpt/parser';
import { ByteLines } from './byte-lines.ts';
import { BytePairs } from './byte-pairs.ts';
import { hintsFrom } from './hints.ts';
import { noticesIn } from './notices.ts';
import { type HostSettings, optionsSchema, type PostfixOptions, settingsFor } from './options.ts';
import { isOwn, readSender, returnedReports } from './own-mail.ts';
import { IDLE_S, readProcess, readProcessBytes } from './process.ts';
import { emitNotes, isNotesKey } from './proxy-notes.ts';
import { leadingQueueId } from './queue-id.ts';
import type { Request } from './request.ts';
import { RULES, type Rule } from './rules.ts';
import { allFacts } from './tag-facts.ts';
import { PROCESS, type TagKeys, TagKeysCache } from './tag-keys.ts';
import { needlesFor, needlesOfTag } from './tags.ts';
import { abandon } from './telling.ts';
import { readTlsproxyLine } from './tlsproxy-lines.ts';

/** Postfix 2.6 to 3.12: the lines of smtp(8) and tlsproxy(8), and of qmgr(8) for our own reports. */
export const parser: ParserModule<PostfixOptions> = {
  name: 'postfix',
  contract: CONTRACT,
  options: optionsSchema,
  rules: RULES,
  recognises: (line) => /\/(?:smtp|smtpd|qmgr|cleanup|lmtp|tlsproxy)(?:\[\d|["\s])/.test(line),
  create: (options) => new PostfixParser(options),
};

class PostfixParser implements LogParser {
  readonly envelope = 'syslog';
  readonly needles: readonly string[];
  readonly idleSeconds = IDLE_S;
  readonly #options: PostfixOptions;
  readonly #common: HostSettings;
  readonly #keys = new TagKeysCache();
  readonly #lines = new ByteLines();
  readonly #pairs = new BytePairs();
  readonly #ofHosts: ReadonlyMap<string, HostSettings>;

  constructor(options: PostfixOptions) {
    this.#options = options;
    this.needles = needlesFor(options.ownSender);
    this.#common = settingsFor(options, '');
    const hosts = Object.keys(options.hosts ?? {});
    this.#ofHosts = new Map(hosts.map((host) => [host, settingsFor(options, host)]));
  }

  needlesOf(program: string): readonly string[] {
    return needlesOfTag(program, this.#options.ownSender);
  }

  entry(entry: LogEntry, open: OpenSessions, emit: Emit, trace?: Trace, unknown?: () => void): void {
    const rule = this.#read(entry, open, emit);
    if (rule === 'unknown') unknown?.();
    if (rule === undefined || trace === undefined) return;
    const id = leadingQueueId(entry.message);
    trace({ rule, meaning: RULES[rule], ...(id !== undefined && { id }) });
  }

  bytes(entry: ByteEntry, open: OpenSessions, emit: Emit): boolean {
    const keys = this.#keys.of(entry.host, entry.program);
    if (keys.program !== 'smtp' || entry.pid === 0) return false;
    const settings = this.#settings(entry.host);
    const options = this.#options;
    const lines = this.#lines;
    const aside = lines.aside(entry);
    if (aside !== undefined) return this.#pairs.aside(aside, entry, keys, open);
    const summary = lines.summary(entry);
    if (summary === undefined && !lines.finds(entry)) return false;
    // Mail that comes back may be a report of ours, whose recipient is asked for.
    if (summary === undefined && lines.mayBounce && this.#isOwn(lines.queueId(entry), keys, open))
      return false;
    const isPair =
      summary !== undefined
        ? this.#pairs.summary(summary, entry, keys, open)
        : this.#pairs.delivery(lines, entry, { keys, open, emit, options, settings });
    return isPair || readProcessBytes({ entry, keys, open, emit, options, settings }, entry, summary, lines);
  }

  idle(key: string, open: JsonObject, emit: Emit): void {
    if (isNotesKey(key)) emitNotes(open, emit, this.#settings(hostOf(key)));
    if (!key.startsWith(PROCESS)) return;
    abandon(open as Request, { emit, settings: this.#settings(hostOf(key)) });
  }

  hints(open: OpenSessions, keys: Iterable<string>) {
    const known = [...keys];
    return hintsFrom(allFacts(open, known), noticesIn(known), this.#common.tlsLogLevel);
  }

  returned(open: OpenSessions, keys: Iterable<string>) {
    return returnedReports(open, keys);
  }

  #settings(host: string): HostSettings {
    return this.#ofHosts.size === 0 ? this.#common : (this.#ofHosts.get(host) ?? this.#common);
  }

  #read(entry: LogEntry, open: OpenSessions, emit: Emit): Rule | undefined {
    const keys = this.#keys.of(entry.host, entry.program);
    const { program } = keys;
    if (program === undefined) return undefined;
    if (program === 'lmtp') return 'lmtp';
    const settings = this.#settings(entry.host);
    const reading = { entry, keys, open, emit, options: this.#options, settings };
    if (entry.pid === 0) return 'no-pid';
    if (program === 'tlsproxy') return readTlsproxyLine(reading);
    if (program === 'qmgr') return this.#readSender(entry, keys, open);
    return readProcess(reading);
  }

  #isOwn(queueId: string, keys: TagKeys, open: OpenSessions): boolean {
    return this.#options.ownSender !== undefined && isOwn(keys.own, queueId, open);
  }

  #readSender({ message }: LogEntry, keys: TagKeys, open: OpenSessions): Rule | undefined {
    const { ownSender } = this.#options;
    if (ownSender === undefined) return undefined;
    return readSender(message, keys.own, open, ownSender) ? 'sender-of-message' : undefined;
  }
}

/** The host in a key of this parser: its second word. */
function hostOf(key: string): string {
  return key.split(' ')[1] ?? '';
}
