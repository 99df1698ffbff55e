import type { ByteHead, EnvelopeContext, HeadReading, LogParser } from '../parser.ts';
import { LineBytes } from './line-bytes.ts';
import { ALWAYS, EVERY, type LineHeads, NONE } from './line-scanner.ts';

/** Bits of what {@link LineHeads} tells that stand for needles. */
const BITS = 30;

/** With what a parser's own envelopes are read. */
export interface OwnEnvelopeOptions {
  readonly parser: LogParser;
  readonly context: EnvelopeContext;
  /** A line is about to be read. */
  readonly onLine: () => void;
  /** The time (UTC ms) that a line means whose stamp was read as this. */
  readonly meant: (time: number) => number;
  /** Told what the parser throws. */
  readonly onFault: (fault: unknown) => void;
}

/** Lines whose envelope a parser reads itself from their bytes: see `LogParser.byteEnvelope`. */
export class OwnEnvelope extends LineBytes implements ByteHead, LineHeads {
  /** Whether the line asked for last is one whose bytes told enough. */
  isRead = false;
  readonly #options: OwnEnvelopeOptions;
  /** What {@link needlesOf} says of a line that must hold one of them, whichever. */
  readonly #any: number;

  constructor(options: OwnEnvelopeOptions) {
    super();
    this.#options = options;
    const { length } = options.parser.needles;
    this.#any = length > BITS ? EVERY : 2 ** length - 1;
  }

  needlesOf(chunk: Buffer, from: number, until: number): number {
    const reading = this.#read(chunk, from, until);
    this.isRead = reading === 'matters' || reading === 'needles';
    if (reading === 'noise') return NONE;
    if (!this.isRead) return EVERY;
    this.time = this.#options.meant(this.time);
    return reading === 'matters' ? ALWAYS : this.#any;
  }

  #read(chunk: Buffer, from: number, until: number): HeadReading {
    const { parser, context, onLine, onFault } = this.#options;
    this.of(chunk);
    this.host = context.host;
    this.start = from;
    this.end = until;
    onLine();
    try {
      return parser.byteEnvelope?.(this, context) ?? 'unread';
    } catch (fault) {
      onFault(fault);
      return 'unread';
    }
  }
}
