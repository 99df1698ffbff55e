import type { Ledger, Segment } from '../ledger/ledger.ts';
import type { FileKey } from '../logs/file-key.ts';
import type { JsonObject, JsonValue } from '../parser.ts';
import type { Holding } from './files-reading.ts';

/** Holes remembered a log. */
const MAX_GAPS = 20;

/**
 * Why lines may be missing: `copied`: the live file was copied and emptied (logrotate's copytruncate), and what was
 * written between the two is lost to everybody; `emptied`: it was emptied without a copy; `vanished`: it was rotated
 * away, and gone before its end was read; `journal`: the journal no longer had the place where reading stopped.
 */
export type GapKind = 'copied' | 'emptied' | 'vanished' | 'journal';

/** A hole in what was read of a log. */
export interface Gap {
  readonly kind: GapKind;
  /** Wall time, UTC ms. */
  readonly noticedAt: number;
  /** Log time (UTC ms) of the last line read before the hole, and of the first one behind it; absent if unknown. */
  readonly after?: number;
  readonly before?: number;
}

/** The file that a log's path led to when it was last read. */
interface LiveFile {
  readonly key: FileKey;
  readonly born: number;
  /** Absent while it has not even a line. */
  readonly segment?: number;
  /** What the path led to, where it is a symbolic link. */
  readonly target: string;
}

/** Follows which file is the live one, and so notices what was lost when it gave way to another. */
export class Trail {
  readonly #ledger: Ledger;
  readonly #note: string;
  #live: LiveFile | undefined;
  #gaps: Gap[] = [];
  #written = '';

  constructor(ledger: Ledger, logId: number) {
    this.#ledger = ledger;
    this.#note = `trail:${logId}`;
  }

  /** What the log's path led to when it was last read. */
  get target(): string | undefined {
    return this.#live?.target;
  }

  async load(): Promise<void> {
    const noted = await this.#ledger.note(this.#note);
    this.#written = JSON.stringify(noted);
    const { live, gaps } = isObject(noted) ? noted : {};
    this.#live = isObject(live) ? (live as unknown as LiveFile) : undefined;
    this.#gaps = Array.isArray(gaps) ? (gaps as unknown as Gap[]) : [];
  }

  /**
   * Takes in a whole pass over a chain that was not rotated meanwhile.
   * @param live the holding of the file being written, and what its path leads to
   * @param segments as they are now
   * @param now UTC ms
   * @returns the hole that was noticed
   */
  follow(
    holdings: readonly Holding[],
    live: { readonly holding: Holding; readonly target: string },
    segments: readonly Segment[],
    now: number,
  ): Gap | undefined {
    const { segment, file } = live.holding;
    if (file.found === undefined) return undefined;
    const { key, born } = file.found;
    const former = this.#live;
    this.#live = { key, born, target: live.target, ...(segment !== undefined && { segment }) };
    const before = segments.find(({ id }) => id === segment)?.firstTime;
    if (former?.segment === undefined) {
      if (before !== undefined) this.#bound(before);
      return undefined;
    }
    if (former.segment === segment) return undefined;
    const rotated = holdings.filter((holding) => holding !== live.holding);
    const kind = kindOfLoss(former, this.#live, rotated);
    if (kind === undefined) return undefined;
    const after = segments.find(({ id }) => id === former.segment)?.lastTime;
    const gap = { kind, noticedAt: now, ...(after !== undefined && { after }) };
    this.add(before === undefined ? gap : { ...gap, before });
    return this.#gaps.at(-1);
  }

  /** The first line behind a hole that was noticed while the file was empty. */
  #bound(before: number): void {
    const last = this.#gaps.at(-1);
    if (last !== undefined && last.before === undefined) this.#gaps.splice(-1, 1, { ...last, before });
  }

  add(gap: Gap): void {
    this.#gaps = [...this.#gaps, gap].slice(-MAX_GAPS);
  }

  /** Writes it down if it has changed; holes noticed before `since` (UTC ms) are forgotten. */
  async save(since: number): Promise<void> {
    this.#gaps = this.#gaps.filter(({ noticedAt }) => noticedAt >= since);
    const trail = {
      ...(this.#live !== undefined && { live: { ...this.#live } }),
      gaps: this.#gaps.map((gap) => ({ ...gap })),
    };
    const text = JSON.stringify(trail);
    if (text === this.#written) return;
    await this.#ledger.setNote(this.#note, trail);
    this.#written = text;
  }
}

/** How the end of the former live file got lost; undefined when it was read, or will be. */
function kindOfLoss(former: LiveFile, live: LiveFile, rotated: readonly Holding[]): GapKind | undefined {
  const emptied = live.key === former.key && live.born === former.born;
  const kept = rotated.some(({ segment }) => segment === former.segment);
  if (emptied) return kept ? 'copied' : 'emptied';
  return kept ? undefined : 'vanished';
}

/** The holes of a log, oldest first. */
export async function gapsOf(ledger: Ledger, logId: number): Promise<readonly Gap[]> {
  const noted = await ledger.note(`trail:${logId}`);
  const gaps = isObject(noted) ? noted['gaps'] : undefined;
  return Array.isArray(gaps) ? (gaps as unknown as Gap[]) : [];
}

/** What a hole means, in a sentence. */
export function gapText(gap: Gap): string {
  const span = spanText(gap);
  switch (gap.kind) {
    case 'copied':
      return `the file was copied and emptied${span}: lines written between the two are lost; let logrotate rename it (\`create\` in place of \`copytruncate\`)`;
    case 'emptied':
      return `the file was emptied${span} and no copy of it was found: lines not read by then are lost`;
    case 'vanished':
      return `a rotated file was gone before its end was read${span}: keep rotations longer, or run more often`;
    case 'journal':
      return `the journal no longer held the place where reading stopped${span}: reading went on by time; let journald keep more (SystemMaxUse=), or run more often`;
  }
}

function spanText({ after, before }: Gap): string {
  const text = (time: number) => new Date(time).toISOString().replace('.000Z', 'Z');
  if (after !== undefined && before !== undefined) return ` between ${text(after)} and ${text(before)}`;
  if (after !== undefined) return ` after ${text(after)}`;
  return before === undefined ? '' : ` before ${text(before)}`;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
