import type { ExplainedLine, ExplainFilter } from '../explain.ts';
import type { LogEntry } from '../parser.ts';
import type { Session } from '../session.ts';

/** Conversations remembered at a time, and lines of one: what is older is not shown with them. */
const CONVERSATIONS = 5000;
const LINES = 500;

interface Conversation {
  lines: ExplainedLine[];
  wanted: boolean;
}

/**
 * Shows lines as they come or, under a filter, the whole conversations that have a matching line: those of one message
 * or connection. Lines that name none (Postfix's TLS lines) go with the next of their process that does.
 */
export class Conversations {
  readonly #filter: ExplainFilter;
  readonly #show: (line: ExplainedLine) => void;
  readonly #selective: boolean;
  readonly #matches: (text: string) => boolean;
  readonly #named = new Map<string, Conversation>();
  readonly #unnamed = new Map<string, Conversation>();

  constructor(filter: ExplainFilter, show: (line: ExplainedLine) => void) {
    this.#filter = filter;
    this.#selective = filter.queueId !== undefined || filter.domain !== undefined;
    const patterns = [idPattern(filter.queueId), domainPattern(filter.domain)].flatMap((one) => one ?? []);
    this.#matches = (text) => patterns.every((pattern) => pattern.test(text));
    const [first, last] = filter.lines ?? [0, Number.POSITIVE_INFINITY];
    this.#show = (line) => {
      if (line.line >= first && line.line <= last) show(line);
    };
  }

  /** @param id what the parser says the line belongs to: {@link LineReading.id} */
  add(line: ExplainedLine, entry: LogEntry, id: string | undefined): void {
    if (!this.#selective) {
      this.#show(line);
      return;
    }
    const process = `${entry.host} ${entry.program} ${entry.pid}`;
    const key = id === undefined ? process : `${entry.host} ${id}`;
    const table = id === undefined ? this.#unnamed : this.#named;
    const conversation = id === '' ? { lines: [], wanted: false } : remembered(table, key);
    if (id !== undefined && id !== '') this.#join(conversation, process);
    conversation.lines.push(line);
    if (conversation.lines.length > LINES) conversation.lines.shift();
    conversation.wanted ||= this.#matches(wordsOf(line));
    if (id !== undefined) this.#flush(conversation);
  }

  /** Whether a session told by silence is one of those looked for. */
  wantsSilence(key: string, session: Session): boolean {
    if (this.#filter.lines !== undefined) return false;
    return !this.#selective || this.#matches(`${key} ${namesOf(session)}`);
  }

  /** Shows what matched and never met a line with an id. */
  end(): void {
    for (const conversation of this.#unnamed.values()) this.#flush(conversation);
  }

  /** What the process said before this line belongs to what the line names. */
  #join(conversation: Conversation, process: string): void {
    const before = this.#unnamed.get(process);
    if (before === undefined) return;
    this.#unnamed.delete(process);
    conversation.lines.push(...before.lines);
    conversation.wanted ||= before.wanted;
  }

  #flush(conversation: Conversation): void {
    if (!conversation.wanted) return;
    for (const line of conversation.lines) this.#show(line);
    conversation.lines = [];
  }
}

/** The conversation of this key, now the youngest; the oldest gives way. */
function remembered(table: Map<string, Conversation>, key: string): Conversation {
  const known = table.get(key) ?? { lines: [], wanted: false };
  table.delete(key);
  table.set(key, known);
  if (table.size > CONVERSATIONS) {
    for (const oldest of table.keys()) {
      table.delete(oldest);
      break;
    }
  }
  return known;
}

function wordsOf({ text, sessions }: ExplainedLine): string {
  return `${text} ${sessions.map(namesOf).join(' ')}`;
}

function namesOf({ recipientDomain, receivingMxHostname = '' }: Session): string {
  return `${recipientDomain} ${receivingMxHostname}`;
}

function idPattern(id: string | undefined): RegExp | undefined {
  return id === undefined ? undefined : new RegExp(`(?<![0-9A-Za-z])${escaped(id)}(?![0-9A-Za-z])`);
}

/** The domain, or a host in it, but no longer name. */
function domainPattern(domain: string | undefined): RegExp | undefined {
  return domain === undefined
    ? undefined
    : new RegExp(`(?<![0-9A-Za-z_-])${escaped(domain)}(?![0-9A-Za-z_-]|\\.[0-9A-Za-z])`, 'i');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
