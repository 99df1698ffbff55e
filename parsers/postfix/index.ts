import {
  CONTRACT,
  type Emit,
  type JsonObject,
  type LogEntry,
  type LogParser,
  type OpenSessions,
  type ParserModule,
  type Trace,
} from 'maillog-tlsrpt/parser';
import { hintsFrom } from './hints.ts';
import { noticesIn } from './notices.ts';
import { type HostSettings, optionsSchema, type PostfixOptions, settingsFor } from './options.ts';
import { readSender, returnedReports } from './own-mail.ts';
import { emitNotes, isNotesKey } from './proxy-notes.ts';
import { leadingQueueId } from './queue-id.ts';
import type { Reading } from './reading.ts';
import { isSettled, newRequest, type Request } from './request.ts';
import { RULES, type Rule } from './rules.ts';
import { readSmtpLine } from './smtp-lines.ts';
import { allFacts, factsOf } from './tag-facts.ts';
import { needlesFor, programOf } from './tags.ts';
import { abandon } from './telling.ts';
import { readTlsproxyLine } from './tlsproxy-lines.ts';

/** A request can last: ten minutes a server and step (catalog §4). */
const IDLE_S = 3600;
/** A process between two requests is no open session: whatever is kept longer than IDLE_S does not hold a day open. */
const SETTLED_S = IDLE_S + 1;

const PROCESS = 'smtp ';

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
  readonly #ofHosts: ReadonlyMap<string, HostSettings>;

  constructor(options: PostfixOptions) {
    this.#options = options;
    this.needles = needlesFor(options.ownSender);
    this.#common = settingsFor(options, '');
    const hosts = Object.keys(options.hosts ?? {});
    this.#ofHosts = new Map(hosts.map((host) => [host, settingsFor(options, host)]));
  }

  entry(entry: LogEntry, open: OpenSessions, emit: Emit, trace?: Trace): void {
    const rule = this.#read(entry, open, emit);
    if (rule === undefined || trace === undefined) return;
    const id = leadingQueueId(entry.message);
    trace({ rule, meaning: RULES[rule], ...(id !== undefined && { id }) });
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
    return this.#ofHosts.get(host) ?? this.#common;
  }

  #read(entry: LogEntry, open: OpenSessions, emit: Emit): Rule | undefined {
    const program = programOf(entry.program);
    if (program === undefined) return undefined;
    if (program === 'lmtp') return 'lmtp';
    const reading: Reading = {
      entry,
      open,
      emit,
      options: this.#options,
      settings: this.#settings(entry.host),
    };
    if (entry.pid === 0) return 'no-pid';
    if (program === 'tlsproxy') return readTlsproxyLine(reading);
    if (program === 'qmgr') return this.#readSender(entry, open);
    return readProcess(reading);
  }

  #readSender(entry: LogEntry, open: OpenSessions): Rule | undefined {
    const { ownSender } = this.#options;
    if (ownSender === undefined) return undefined;
    return readSender(entry, open, ownSender) ? 'sender-of-message' : undefined;
  }
}

/** One line of an smtp process: host, whole tag and pid are its key, for merged logs repeat pids (catalog §1). */
function readProcess(reading: Reading): Rule {
  const { entry, open } = reading;
  const key = `${PROCESS}${entry.host} ${entry.program} ${entry.pid}`;
  const known = open.get(key) as Request | undefined;
  // Where the log began tells which requests were seen from their beginning.
  if (reading.options.midStream === true) factsOf(entry, open);
  const wasSettled = known !== undefined && isSettled(known);
  const request = known ?? newRequest();
  const rule = readSmtpLine(reading, request);
  if (isSettled(request)) {
    open.set(key, request, SETTLED_S);
    return rule;
  }
  // What opens now began now: the key's age tells the core since when a session is open.
  if (wasSettled) open.delete(key);
  open.set(key, request);
  return rule;
}

/** The host in a key of this parser: its second word. */
function hostOf(key: string): string {
  return key.split(' ')[1] ?? '';
}
