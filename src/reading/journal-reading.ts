import {
  type JournalMark,
  type JournalSelection,
  type JournalStart,
  journalEntries,
  LostCursor,
  lastMark,
  markOf,
} from '../logs/journalctl.ts';
import { untilFresh } from './files-reading.ts';
import { gapText } from './gaps.ts';
import { LogReading } from './log-reading.ts';
import { emptySummary, type ReadingDeps, type ReadSummary, type Source } from './source.ts';
import { Trail } from './trail.ts';

const NEWLINE = 10;

/** The reading of a journal. It may go on from pass to pass. */
export class JournalReading {
  readonly #deps: ReadingDeps;
  readonly journal: JournalSelection;
  readonly #reading: LogReading;
  readonly #keep: number;
  readonly name: string;

  constructor(deps: ReadingDeps, source: Source, selection: JournalSelection, keep: number) {
    this.#deps = deps;
    this.journal = selection;
    this.#keep = keep;
    this.name = source.name;
    this.#reading = new LogReading(deps, source, emptySummary());
  }

  /** Reads what is new. @param thorough also note that the journal was read to its end */
  async pass(summary: ReadSummary, thorough = true): Promise<void> {
    this.#reading.summary = summary;
    await untilFresh(() => this.#pass(summary, thorough));
  }

  async #pass(summary: ReadSummary, thorough: boolean): Promise<void> {
    const reading = this.#reading;
    await reading.begin();
    const begun = this.#deps.clock.now();
    const { cursor, readToEndAt } = reading.log;
    const mark = markFrom(cursor);
    if (cursor === undefined) await this.#read(undefined, () => true);
    else if (mark === undefined || !(await this.#goOn(mark))) {
      await this.#goOnByTime(mark?.time ?? (readToEndAt ?? 0) * 1000, summary);
    }
    await reading.flush();
    if (thorough && this.#deps.signal?.aborted !== true) await reading.end(begun);
    summary.files++;
  }

  /** False, with nothing read, when the journal does not know the place any more. */
  async #goOn(mark: JournalMark): Promise<boolean> {
    let known: boolean | undefined;
    const isNew = (line: string) => {
      if (known !== undefined) return true;
      known = markOf(line)?.cursor === mark.cursor;
      return !known;
    };
    try {
      await this.#read({ cursor: mark.cursor }, isNew, () => known !== false);
    } catch (error) {
      if (!(error instanceof LostCursor)) throw error;
    }
    return known === true;
  }

  /** What is not later than the last entry read was read: of several at one time the rest is given up. */
  async #goOnByTime(time: number, summary: ReadSummary): Promise<void> {
    const reading = this.#reading;
    let first: number | undefined;
    await this.#read({ since: time }, (line) => {
      const at = markOf(line)?.time ?? 0;
      if (at > time) first = at;
      return at > time;
    });
    // Said when it mattered: until something new comes, nothing tells what was lost.
    if (first === undefined) return;
    const oldest = await this.#oldest();
    const lost = oldest !== undefined && oldest / 1000 > (reading.log.readToEndAt ?? 0);
    const gap = {
      kind: 'journal' as const,
      noticedAt: this.#deps.clock.now(),
      after: Math.floor(time / 1000),
      before: Math.floor(first / 1000),
    };
    summary.notices.push({
      id: lost ? 'gap-journal' : 'journal-place',
      text: lost
        ? `${this.name}: ${gapText(gap)}`
        : `${this.name}: the journal no longer holds the place where reading stopped; reading went on by time, and nothing was lost`,
    });
    if (!lost) return;
    const trail = new Trail(this.#deps.ledger, reading.log.id);
    await trail.load();
    trail.add(gap);
    await trail.save(gap.noticedAt - this.#keep);
  }

  /** Reads the entries from a place on, but for the first ones that are not new; stops where `goes` says no. */
  async #read(
    start: JournalStart,
    isNew: (line: string) => boolean,
    goes: () => boolean = () => true,
  ): Promise<void> {
    let skipping = start !== undefined;
    for await (const piece of journalEntries(this.journal, start)) {
      let lines = piece;
      while (skipping && lines.length > 0) {
        const end = lines.indexOf(NEWLINE) + 1;
        if (isNew(lines.toString('utf8', 0, end - 1))) skipping = false;
        else lines = lines.subarray(end);
      }
      if (!goes() || this.#deps.signal?.aborted === true) return;
      const mark = lines.length === 0 ? undefined : lastMark(lines);
      if (mark !== undefined) await this.#reading.lines(lines, JSON.stringify(mark));
    }
  }

  /** UTC µs of the oldest entry of any kind. */
  async #oldest(): Promise<number | undefined> {
    const whole = { ...this.journal, units: [], identifiers: [] };
    for await (const piece of journalEntries(whole, undefined)) {
      return markOf(piece.toString('utf8', 0, piece.indexOf(NEWLINE)))?.time;
    }
    return undefined;
  }
}

/** Undefined when it is none of ours. */
function markFrom(text: string | undefined): JournalMark | undefined {
  try {
    const { cursor, time } = JSON.parse(text ?? '') as Record<string, unknown>;
    return typeof cursor === 'string' && typeof time === 'number' ? { cursor, time } : undefined;
  } catch {
    return undefined;
  }
}
