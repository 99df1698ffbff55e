import type { Ledger } from '../ledger/ledger.ts';
import type { Hint, JsonValue, LogEntry } from '../parser.ts';

const SAMPLES = 3;
const LONGEST = 200;

/** Lines that no rule knows, of a stretch that another thread has read; samples by kind. */
export interface MetElsewhere {
  readonly count: number;
  readonly samples: readonly (readonly [kind: string, sample: string])[];
}

/** Lines of an MTA that no rule of its parser knows: counted, with a few samples of different kinds. */
export class UnknownLines {
  #count = 0;
  /** Of those, lines that may have to be read again. */
  #unsure = 0;
  readonly #samples = new Map<string, string>();

  add({ program, message }: LogEntry): void {
    this.#count += 1;
    this.#unsure += 1;
    if (this.#samples.size >= SAMPLES) return;
    const kind = kindOf(message);
    if (!this.#samples.has(kind)) this.#samples.set(kind, sampleOf(program, message));
  }

  /** Adds what was met elsewhere, behind all that was added before. */
  merge({ count, samples }: MetElsewhere): void {
    this.#count += count;
    this.#unsure += count;
    for (const [kind, sample] of samples)
      if (this.#samples.size < SAMPLES && !this.#samples.has(kind)) this.#samples.set(kind, sample);
  }

  /** All that was added since the last call, for {@link merge}. */
  takeToTell(): MetElsewhere {
    const samples = [...this.#samples];
    return { ...this.take(), samples };
  }

  /** What was added by now is committed. */
  keep(): void {
    this.#unsure = 0;
  }

  /** What was added since the last {@link keep} is read again. */
  drop(): void {
    this.#count -= this.#unsure;
    this.#unsure = 0;
  }

  /** What was added since the last call. */
  take(): Omit<UnknownCount, 'faults'> {
    const taken = { count: this.#count, samples: [...this.#samples.values()] };
    this.#count = 0;
    this.#unsure = 0;
    this.#samples.clear();
    return taken;
  }
}

/** Lines of a log that its parser did not know. */
export interface UnknownCount {
  readonly count: number;
  /** At most three, without local parts and control characters. */
  readonly samples: readonly string[];
  /** Lines that were passed over, for the parser failed on them: a bug of it. */
  readonly faults: number;
}

/** The words a line begins with, but for names and numbers: lines of one kind say the same of different servers. */
function kindOf(message: string): string {
  return message
    .slice(0, LONGEST)
    .replace(/\S*[\d@.[\]]\S*/g, '*')
    .split(' ')
    .slice(0, 6)
    .join(' ');
}

function sampleOf(program: string, message: string): string {
  const text = message
    .slice(0, LONGEST)
    .replace(/"(?:[^"\\]|\\.){0,100}"@|[^\s<>@"(),:;[\]]{1,200}@/g, '…@')
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '?');
  return `${program}: ${text}${message.length > LONGEST ? '…' : ''}`;
}

/**
 * Adds what was counted to what is noted of a log, and says it. What an older version of the program did not know is
 * forgotten: a newer one may know it.
 * @param at UTC ms, of the wall clock
 */
export async function noteUnknown(
  ledger: Ledger,
  logId: number,
  parser: string,
  version: string,
  news: UnknownCount,
  at: number,
): Promise<Hint[]> {
  const name = noteName(logId);
  const noted = readNote(await ledger.note(name), version);
  const samples = [...new Set([...noted.samples, ...news.samples])].slice(0, SAMPLES);
  const total = { count: noted.count + news.count, samples, faults: noted.faults + news.faults };
  if (news.count + news.faults > 0) await ledger.setNote(name, { version, at, ...total });
  return [
    ...(total.count > 0 ? [unknownHint(parser, total)] : []),
    ...(total.faults > 0 ? [faultHint(parser, total.faults)] : []),
  ];
}

/** What was counted of a log by this version of the program. */
export async function unknownOf(ledger: Ledger, logId: number, version: string): Promise<UnknownCount> {
  return readNote(await ledger.note(noteName(logId)), version);
}

function noteName(logId: number): string {
  return `unknown:${logId}`;
}

/** What to say of them. */
function unknownHint(parser: string, { count, samples }: Omit<UnknownCount, 'faults'>): Hint {
  const lines = count === 1 ? 'One line is' : `${count} lines are`;
  return {
    id: 'unknown-lines',
    text: `${lines} known to no rule of the ${parser} parser and tell nothing; please report them (\`scrub\` makes them fit to be shown). For instance: ${samples.join(' | ')}`,
  };
}

function faultHint(parser: string, faults: number): Hint {
  const lines = faults === 1 ? 'one line' : `${faults} lines`;
  return {
    id: 'parser-fault',
    text: `The ${parser} parser failed on ${lines} and passed over them: this is a bug, please report it.`,
  };
}

function readNote(note: JsonValue | undefined, version: string): UnknownCount {
  const none = { count: 0, samples: [], faults: 0 };
  if (typeof note !== 'object' || note === null || Array.isArray(note)) return none;
  const { count, samples, faults } = note;
  if (note['version'] !== version || typeof count !== 'number' || !Array.isArray(samples)) return none;
  return {
    count,
    samples: samples.filter((sample) => typeof sample === 'string'),
    faults: typeof faults === 'number' ? faults : 0,
  };
}
