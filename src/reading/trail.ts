import type { Ledger, Segment } from '../ledger/ledger.ts';
import type { FoundFile } from '../logs/chain.ts';
import type { JsonObject, JsonValue } from '../parser.ts';
import type { Edit } from './edited.ts';
import type { Holding } from './files-reading.ts';
import { type Gap, isFilled, type LiveFile, type Loss, lossesSince, missingAmong } from './gaps.ts';

/** Holes remembered a log. */
const MAX_GAPS = 50;

/** Follows which file is the live one, and so notices what was lost when it gave way to another. */
export class Trail {
  readonly #ledger: Ledger;
  readonly #logId: number;
  readonly #note: string;
  #live: LiveFile | undefined;
  /** The file being written when the first pass ever began, as long as that has not come to an end. */
  #begun: LiveFile | undefined;
  #gaps: Gap[] = [];
  #written = '';

  constructor(ledger: Ledger, logId: number) {
    this.#ledger = ledger;
    this.#logId = logId;
    this.#note = `trail:${logId}`;
  }

  /** What the log's path led to when it was last read, and before that; the former one first. */
  get targets(): readonly string[] {
    const { former, target } = this.#live ?? {};
    return [former, target].filter((path) => path !== undefined);
  }

  /** The segment that the file being written was then. */
  get segment(): number | undefined {
    return this.#live?.segment;
  }

  /** False when nothing is noted yet. */
  async load(): Promise<boolean> {
    const noted = await this.#ledger.note(this.#note);
    this.#written = JSON.stringify(noted) ?? '';
    const { live, begun, gaps } = isObject(noted) ? noted : {};
    this.#live = isObject(live) ? (live as unknown as LiveFile) : undefined;
    this.#begun = isObject(begun) ? (begun as unknown as LiveFile) : undefined;
    this.#gaps = Array.isArray(gaps) ? (gaps as unknown as Gap[]) : [];
    return noted !== undefined;
  }

  /**
   * The first pass ever is about to read these files. Written down at once, for what is committed from now on is known
   * even if the pass does not come to its end.
   * @param live the file being written
   * @param target what its path leads to
   * @param segments as they are now
   */
  async begin(live: FoundFile | undefined, target: string, segments: readonly Segment[]): Promise<void> {
    if (this.#live !== undefined || live === undefined) return;
    const { key, born } = live;
    if (this.#begun?.key === key && this.#begun.born === born) return;
    this.#begun = { key, born, target, newest: newestOf(segments) };
    await this.#write();
  }

  /** Takes the first pass for one that came to its end, where it has read of the file being written, whatever came then. */
  recall(name: string, segments: readonly Segment[]): void {
    const begun = this.#begun;
    if (this.#live !== undefined || begun === undefined) return;
    const read = segments.filter(
      ({ id, logId, path }) => logId === this.#logId && path === name && id > begun.newest,
    );
    if (read.length > 0) this.#live = { ...begun, segment: newestOf(read), newest: newestOf(segments) };
  }

  /**
   * Takes in a whole pass over a chain that was not rotated meanwhile.
   * @param holdings oldest first, that of the file being written last
   * @param target what the path of the file being written leads to
   * @param segments as they are now
   * @param times.now UTC ms
   * @param times.since older holes are of no interest any more, UTC ms
   * @param times.settledAt files touched since then may still be on the move, UTC ms
   * @returns the holes that were noticed
   */
  follow(
    holdings: readonly Holding[],
    target: string,
    segments: readonly Segment[],
    { now, since, settledAt }: { readonly now: number; readonly since: number; readonly settledAt: number },
  ): readonly Gap[] {
    const live = holdings.at(-1);
    const found = live?.file.found;
    if (live === undefined || found === undefined) return [];
    const former = this.#live;
    const { segment } = live;
    const { key, born } = found;
    const newest = newestOf(segments);
    const before = former?.target === target ? former.former : former?.target;
    this.#live = {
      key,
      born,
      newest,
      target,
      ...(before !== undefined && { former: before }),
      ...(segment !== undefined && { segment }),
    };
    const byId = new Map(segments.map((one) => [one.id, one]));
    this.#gaps = this.#gaps.filter((gap) => !isFilled(gap, segments, this.#logId));
    this.#bound(byId.get(segment ?? 0)?.firstTime);
    const missing = missingAmong(holdings, segments, settledAt).map((loss) => gapOf(loss, byId, now));
    const gaps = [
      ...missing.filter((gap) => (gap.before ?? 0) >= since && !this.#knows(gap)),
      ...holdings.flatMap(({ edit }) => (edit === undefined || edit.exact ? [] : [editGap(edit, now)])),
      ...(former === undefined ? [] : lossesSince(former, holdings)).map((loss) => gapOf(loss, byId, now)),
    ];
    for (const gap of gaps) this.add(gap);
    return gaps;
  }

  /** The files on both sides of a hole are there for long. */
  #knows({ kind, after, before }: Gap): boolean {
    return this.#gaps.some((gap) => gap.kind === kind && gap.after === after && gap.before === before);
  }

  add(gap: Gap): void {
    this.#gaps = [...this.#gaps, gap].slice(-MAX_GAPS);
  }

  /** Writes it down if it has changed; holes noticed before `since` (UTC ms) are forgotten. */
  async save(since: number): Promise<void> {
    this.#gaps = this.#gaps.filter(({ noticedAt }) => noticedAt >= since);
    await this.#write();
  }

  async #write(): Promise<void> {
    const trail = {
      ...(this.#live !== undefined && { live: { ...this.#live } }),
      ...(this.#live === undefined && this.#begun !== undefined && { begun: { ...this.#begun } }),
      gaps: this.#gaps.map((gap) => ({ ...gap })),
    };
    const text = JSON.stringify(trail);
    if (text === this.#written) return;
    await this.#ledger.setNote(this.#note, trail);
    this.#written = text;
  }

  /** The first line behind a hole that was noticed while the file was empty. */
  #bound(before: number | undefined): void {
    const last = this.#gaps.at(-1);
    if (before === undefined || last === undefined || last.before !== undefined) return;
    this.#gaps.splice(-1, 1, { ...last, before });
  }
}

function newestOf(segments: readonly Segment[]): number {
  return segments.reduce((highest, { id }) => Math.max(highest, id), 0);
}

/** What it may have gained up to the time to which it was read, nobody knows. */
function editGap({ covered, later }: Edit, now: number): Gap {
  return {
    kind: 'edited',
    noticedAt: now,
    after: covered,
    ...(later !== undefined && { before: later }),
  };
}

function gapOf(loss: Loss, segments: ReadonlyMap<number, Segment>, now: number): Gap {
  const after = segments.get(loss.after)?.lastTime;
  const before = segments.get(loss.before ?? 0)?.firstTime;
  return {
    kind: loss.kind,
    noticedAt: now,
    ...(after !== undefined && { after }),
    ...(before !== undefined && { before }),
    ...(loss.kind === 'vanished' && { segment: loss.after }),
  };
}

/** The holes of a log, oldest first. */
export async function gapsOf(ledger: Ledger, logId: number): Promise<readonly Gap[]> {
  const noted = await ledger.note(`trail:${logId}`);
  const gaps = isObject(noted) ? noted['gaps'] : undefined;
  return Array.isArray(gaps) ? (gaps as unknown as Gap[]) : [];
}

/** Forgets the holes of a log that were noticed before `before` (UTC ms). */
export async function forgetGaps(ledger: Ledger, logId: number, before: number): Promise<void> {
  const trail = new Trail(ledger, logId);
  if (await trail.load()) await trail.save(before);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
