import { SessionReader } from '../../logs/session-reader.ts';
import { StreamEdge } from '../../logs/stream-edge.ts';
import { boundAsTold, type ToldBound, type YearBound } from '../../logs/years.ts';
import { zoneOf } from '../../logs/zone.ts';
import type { LogParser } from '../../parser.ts';
import { withSendingAddress } from '../../policy/sending-address.ts';
import { TallyCounter } from '../batch.ts';
import { UnknownLines } from '../unknown-lines.ts';
import type { Mark, StretchBatch, StretchOrder } from './stretch.ts';
import { takeTallies } from './told-tallies.ts';

const NONE = Buffer.alloc(0);
/** A session may end so much later than it can be silent: the line that ends it is late. */
const SLACK_S = 60;
/** Different tallies of a batch, for it is held in two threads; and its bytes, so that none waits for long. */
const MOST_TALLIES = 10_000;
const MOST_BYTES = 64 * 1_048_576;

/** How much log time (ms) before a stretch is to be read: what was open then, and is still, is seen. */
export function runUpOf({ idleSeconds }: LogParser): number {
  return (idleSeconds + SLACK_S) * 1000;
}

/** Reads a stretch, and before it the lines of its run-up, from which no session is told. */
export class StretchReader {
  readonly #reader: SessionReader;
  readonly #counter: TallyCounter;
  readonly #unknown = new UnknownLines();
  readonly #years: YearBound;
  readonly #asOrdered: ToldBound;
  readonly #edge: StreamEdge;
  /** Lines, and uncompressed bytes, before the batch. */
  #lines = 0;
  #offset = 0;

  /** @param begin uncompressed bytes before the first line that is read */
  constructor(parser: LogParser, order: Pick<StretchOrder, 'how' | 'years' | 'open'>, begin: number) {
    const { host, parserName, zone, sendingFrom } = order.how;
    this.#asOrdered = order.years;
    this.#years = boundAsTold(order.years);
    this.#edge = new StreamEdge({ prefix: NONE, offset: begin, tail: NONE });
    this.#counter = new TallyCounter(host, parserName, (session) => withSendingAddress(session, sendingFrom));
    this.#reader = new SessionReader({
      parser,
      zone: zoneOf(zone),
      host,
      latest: this.#years,
      emit: (session, time, number) => this.#counter.add(session, time, number),
      onUnknown: (entry) => this.#unknown.add(entry),
      open: order.open,
      watched: true,
    });
  }

  /** Uncompressed bytes before the line that is read next. */
  get offset(): number {
    return this.#edge.offset;
  }

  /** The log time that was read, ms; 0 where no line has mattered yet. */
  get time(): number {
    const { firstTime, lastTime } = this.#reader;
    return firstTime === undefined || lastTime === undefined ? 0 : lastTime - firstTime;
  }

  /** The parser threw on a line, which whoever comes to it is to see himself. */
  get isFaulty(): boolean {
    return this.#reader.faults > 0;
  }

  get isEnough(): boolean {
    return this.#counter.size >= MOST_TALLIES || this.#edge.offset - this.#offset >= MOST_BYTES;
  }

  read(piece: Buffer): void {
    this.#edge.pass(piece, this.#reader.bytes(piece));
  }

  /** The stretch begins here, where a line does: what was told before is forgotten. Its values are live: tell it at once. */
  mark(): Mark {
    const { table, lastTime } = this.#reader;
    const mark = { offset: this.#edge.offset, open: table.rows(), lastTime, years: this.#toldYears() };
    this.#counter.take();
    this.#unknown.take();
    this.#reader.firstTime = undefined;
    table.beginAnew();
    this.#begin();
    return mark;
  }

  /** What was read since the mark or the batch before. */
  batch(): StretchBatch {
    const { firstTime, lastTime, lines, covered, table, watched } = this.#reader;
    const { span } = covered;
    const batch = {
      bytes: this.#edge.offset - this.#offset,
      tail: new Uint8Array(this.#edge.tail),
      passed: {
        lines: lines - this.#lines,
        ...(firstTime !== undefined && { firstTime }),
        ...(lastTime !== undefined && { lastTime }),
        ...(span !== undefined && { covered: span }),
      },
      wentBack: covered.wentBack,
      years: this.#toldYears(),
      tallies: takeTallies(this.#counter),
      unknown: this.#unknown.takeToTell(),
      open: table.takeChanges(),
      course: table.course,
      consulted: watched?.consulted.bits ?? new Uint32Array(),
    };
    this.#begin();
    return batch;
  }

  #begin(): void {
    this.#reader.covered.reset();
    this.#reader.watched?.beginAnew();
    this.#lines = this.#reader.lines;
    this.#offset = this.#edge.offset;
  }

  #toldYears(): ToldBound {
    return this.#years.told?.() ?? this.#asOrdered;
  }
}
