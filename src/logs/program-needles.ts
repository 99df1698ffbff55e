import type { LogEntry, LogParser } from '../parser.ts';
import { ALWAYS, EVERY } from './line-scanner.ts';

/** More programs than this only cost asking the parser again. */
const MOST = 1000;
/** Bits of a mask that stand for needles. */
const BITS = 30;

/** Which lines of which programs matter to a parser. */
export class ProgramNeedles {
  readonly #parser: LogParser;
  readonly #known = new Map<string, readonly string[]>();

  constructor(parser: LogParser) {
    this.#parser = parser;
  }

  /** What the bytes of a program's lines are to be searched for, as {@link LineHeads} tells it. */
  mask(program: string): number {
    const wanted = this.#of(program);
    if (wanted === undefined) return EVERY;
    const { needles } = this.#parser;
    // Without a needle in its tag a line of it might have none at all, and such lines are skipped.
    if (wanted.includes('')) return needles.some((needle) => `${program}[`.includes(needle)) ? ALWAYS : EVERY;
    const places = wanted.map((needle) => needles.indexOf(needle));
    if (places.some((place) => place < 0 || place >= BITS)) return EVERY;
    return places.reduce((mask, place) => mask | (1 << place), 0);
  }

  /** Whether the entry matters; said of its text, it is what {@link mask} only promises of its bytes. */
  matter({ program, message }: LogEntry): boolean {
    const wanted = this.#of(program);
    return wanted === undefined || wanted.some((needle) => needle === '' || message.includes(needle));
  }

  #of(program: string): readonly string[] | undefined {
    const known = this.#known.get(program);
    if (known !== undefined) return known;
    const wanted = this.#parser.needlesOf?.(program);
    if (wanted === undefined) return undefined;
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(program, wanted);
    return wanted;
  }
}
