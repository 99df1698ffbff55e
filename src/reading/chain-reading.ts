import { type ChainFile, chainOf, sameChain, targetOf } from '../logs/chain.ts';
import { MovedFile } from '../logs/file-key.ts';
import { LogDates, type LogFile } from '../logs/log-dates.ts';
import type { Hint } from '../parser.ts';
import { countFiles, type Holding, readFiles, untilFresh } from './files-reading.ts';
import { gapText } from './gaps.ts';
import { LogReading } from './log-reading.ts';
import { isReadToEnd } from './read-to-end.ts';
import { SeenFiles } from './seen-files.ts';
import { emptySummary, type ReadingDeps, type ReadSummary, type Source, type SourceFile } from './source.ts';
import { Trail } from './trail.ts';

/** A daemon may write to a rotated file until it is told to open a new one; after this silence it does no more. */
export const SETTLED_MS = 60_000;
/** Listings of a directory that is being rotated until we are content with what was read. */
const MAX_LISTINGS = 10;

/** The reading of a configured log, from its rotations to the file being written. It may go on from pass to pass. */
export class ChainReading {
  readonly #deps: ReadingDeps;
  readonly #source: Source;
  readonly #reading: LogReading;
  /** How long holes are remembered, ms. */
  readonly #keep: number;
  #notes: { readonly seen: SeenFiles; readonly trail: Trail } | undefined;

  constructor(deps: ReadingDeps, source: Source, keep: number) {
    this.#deps = deps;
    this.#source = source;
    this.#keep = keep;
    this.#reading = new LogReading(deps, source, emptySummary());
  }

  /** The path of the file being written. */
  get name(): string {
    return this.#source.name;
  }

  /** The directory that its rotations are moved to, where one is named. */
  get rotated(): string | undefined {
    return this.#source.rotated;
  }

  /**
   * Reads what is new, oldest first.
   * @param thorough also note that the log was read to its end, if it was, and what it could not witness
   */
  async pass(summary: ReadSummary, thorough = true): Promise<void> {
    this.#reading.summary = summary;
    await untilFresh(() => this.#pass(summary, thorough));
  }

  async #pass(summary: ReadSummary, thorough: boolean): Promise<void> {
    const reading = this.#reading;
    await reading.begin();
    const { seen, trail } = await this.#noted(reading.log.id);
    trail.recall(this.name, reading.segments);
    const { holdings, still } = await this.#settled(seen, trail);
    const aborted = this.#deps.signal?.aborted === true;
    if (still && !aborted) await this.#follow(trail, holdings, summary);
    const hints = this.#hintsOn(holdings);
    await trail.save(this.#deps.clock.now() - this.#keep);
    if (thorough && !aborted) await this.#end(holdings, hints);
    countFiles(summary, holdings);
  }

  /** What a log cannot witness is said of one that is not read to its end, too. */
  async #end(holdings: readonly Holding[], hints: readonly Hint[]): Promise<void> {
    const reading = this.#reading;
    const now = this.#deps.clock.now();
    if (isReadToEnd(holdings, { now, before: reading.log.readToEndAt })) await reading.end(now, hints);
    else await reading.noteFindings(now, hints);
  }

  /** Read anew in every pass, for another process may have read in between. */
  async #noted(logId: number): Promise<{ readonly seen: SeenFiles; readonly trail: Trail }> {
    const { ledger } = this.#deps;
    this.#notes ??= { seen: new SeenFiles(ledger, logId), trail: new Trail(ledger, logId) };
    await this.#notes.seen.load();
    await this.#notes.trail.load();
    return this.#notes;
  }

  /**
   * Reads the chain until no rotation came in between, so that lines are read in their order. Of one that is rotated
   * faster than it is read, the next pass reads the rest.
   */
  async #settled(seen: SeenFiles, trail: Trail): Promise<{ holdings: Holding[]; still: boolean }> {
    let chain = await this.#chain(trail.targets);
    for (let listing = 1; ; listing++) {
      await trail.begin(
        chain.find(({ live }) => live)?.found,
        await targetOf(this.name),
        this.#reading.segments,
      );
      const holdings = await this.#read(seen, chain, trail);
      trail.recall(this.name, this.#reading.segments);
      const now = await this.#chain(trail.targets);
      const still = holdings !== undefined && sameChain(chain, now);
      if (still || listing >= MAX_LISTINGS || this.#deps.signal?.aborted === true)
        return { holdings: holdings ?? [], still };
      chain = now;
    }
  }

  #chain(targets: readonly string[]): Promise<ChainFile[]> {
    return chainOf(this.name, targets, this.#source.rotated);
  }

  /** Undefined when a file was not where the listing had it. */
  async #read(
    seen: SeenFiles,
    chain: readonly ChainFile[],
    { targets, segment: former }: Trail,
  ): Promise<Holding[] | undefined> {
    const now = this.#deps.clock.now();
    const dates = new LogDates(
      chain.map((file) => asLogFile(file, now)),
      this.#source.zone,
    );
    const files = chain.map((file, at) => ({ ...asSource(file, now), dates: () => dates.of(at) }));
    // The live file may have been copied and emptied since: then its end is in a rotation that is to be read first.
    const confirm = async () => sameChain(chain, await this.#chain(targets));
    try {
      return await readFiles(this.#reading, seen, files, {
        confirm,
        former,
        signal: this.#deps.signal,
        tell: this.#deps.witness?.tell,
      });
    } catch (error) {
      if (error instanceof MovedFile) return undefined;
      throw error;
    }
  }

  async #follow(trail: Trail, holdings: readonly Holding[], summary: ReadSummary): Promise<void> {
    const unclear = holdings.some(({ problem }) => problem !== undefined);
    if (unclear || holdings.at(-1)?.file.live !== true) return;
    const target = await targetOf(this.name);
    const now = this.#deps.clock.now();
    const times = { now, since: now - this.#keep, settledAt: now - SETTLED_MS };
    const gaps = trail.follow(holdings, target, this.#reading.segments, times);
    // Of an edited file it was said when it was read.
    for (const gap of gaps.filter(({ kind }) => kind !== 'edited'))
      summary.notices.push({ id: `gap-${gap.kind}`, text: `${this.name}: ${gapText(gap)}` });
  }

  /** The live file's lines may be those of another log. */
  #hintsOn(holdings: readonly Holding[]): Hint[] {
    const held = holdings.find(({ file }) => file.live === true)?.segment;
    const live = this.#reading.segments.find(({ id }) => id === held);
    if (live === undefined || live.logId === this.#reading.log.id) return [];
    return [
      {
        id: 'same-log',
        text: `${this.name} holds the same lines as another log that is read, and they count once; one of the two in \`logs\` is enough`,
      },
    ];
  }
}

function asLogFile({ path, found }: ChainFile, now: number): LogFile {
  return { path, changedAt: found?.changedAt ?? now };
}

function asSource({ path, live, found }: ChainFile, now: number): Omit<SourceFile, 'dates'> {
  const finished = !live && found !== undefined && now - found.changedAt >= SETTLED_MS;
  return { path, finished, live, ...(found !== undefined && { found }) };
}
