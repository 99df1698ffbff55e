import { TallyCounter } from './batch.ts';
import type { Clock } from './clock.ts';
import { EXIT, Problem } from './errors.ts';
import { type IngestBatch, type Ledger, type Log, OverlapError } from './ledger/ledger.ts';
import { modifiedAt } from './logs/archive.ts';
import { readSegment, type SegmentBatch } from './logs/read-segment.ts';
import { SessionReader } from './logs/session-reader.ts';
import type { Hint, LogParser, Zone } from './parser.ts';
import { type SendingAddresses, withSendingAddress } from './policy/sending-address.ts';
import { SeenFiles } from './seen-files.ts';

/** What to do with lines of a time that another log of the same host covers. */
export type Overlap = 'refuse' | 'count';

export interface ReadingDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/** What was read; a file that could not be is a fault, and the others are read all the same. */
export interface ReadSummary {
  files: number;
  /** Files that held nothing new. */
  known: number;
  lines: number;
  sessions: number;
  firstTime?: number;
  lastTime?: number;
  readonly faults: { readonly path: string; readonly problem: Problem }[];
  readonly hints: Hint[];
}

/** A log and how to read it. */
export interface Source {
  readonly host: string;
  readonly parserName: string;
  readonly makeParser: () => LogParser;
  readonly zone: Zone;
  readonly name: string;
  readonly overlap: Overlap;
  /** Filled in where the log does not tell the sending address (`sending-mta-ip: auto`). */
  readonly sendingFrom?: SendingAddresses;
  /** UTC ms no stamp may be later than; absent: each file's own time of last change. */
  readonly latest?: number;
}

export interface SourceFile {
  readonly path: string;
  /** Nothing will be appended to it any more. */
  readonly finished: boolean;
}

/** A batch is written when it has so many different tallies or bytes: memory stays flat, and a kill costs little. */
const BATCH_TALLIES = 20_000;
const BATCH_BYTES = 256 * 1_048_576;
/** One pass over the files of one log: bytes in, committed batches out. */
export class LogReading {
  readonly #deps: ReadingDeps;
  readonly #source: Source;
  readonly #log: Log;
  readonly #summary: ReadSummary;
  readonly #parser: LogParser;
  readonly #counter: TallyCounter;
  #reader: SessionReader;
  #version: number;
  #latest = 0;
  #bytes = 0;
  #linesCounted = 0;
  #files = 0;
  #known = 0;
  readonly #faults: { path: string; problem: Problem }[] = [];

  constructor(deps: ReadingDeps, source: Source, log: Log, summary: ReadSummary) {
    this.#deps = deps;
    this.#source = source;
    this.#log = log;
    this.#version = log.version;
    this.#summary = summary;
    this.#parser = source.makeParser();
    this.#counter = new TallyCounter(source.host, source.parserName);
    this.#reader = this.#newReader([]);
  }

  /** Takes up the open sessions as they are committed; what was read since is dropped. */
  async begin(): Promise<void> {
    this.#counter.take();
    this.#linesCounted = 0;
    this.#bytes = 0;
    this.#reader = this.#newReader(await this.#deps.ledger.openRows(this.#log.id));
  }

  async files(files: readonly SourceFile[]): Promise<void> {
    const seen = new SeenFiles(this.#deps.ledger, this.#log.id);
    await seen.load();
    for (const file of files) {
      this.#files++;
      if (file.finished && (await seen.has(file.path))) this.#known++;
      else if ((await this.#file(file)) && file.finished) await seen.add(file.path);
    }
    await seen.save();
    await this.#end();
    this.#summary.files += this.#files;
    this.#summary.known += this.#known;
    this.#summary.faults.push(...this.#faults);
  }

  /** Reads what is new in a file; false if something is wrong with it. */
  async #file(file: SourceFile): Promise<boolean> {
    try {
      const bytes = await this.#newLines(file);
      if (bytes === 0) this.#known++;
      return true;
    } catch (error) {
      const problem = error instanceof OverlapError ? this.#refusal(file.path, error) : error;
      if (
        !(problem instanceof Problem) ||
        problem.exitCode === EXIT.tryAgain ||
        problem.exitCode === EXIT.cannotWrite
      )
        throw error;
      this.#faults.push({ path: file.path, problem });
      await this.begin();
      return false;
    }
  }

  async #newLines(file: SourceFile): Promise<number> {
    const { ledger, clock } = this.#deps;
    this.#latest = this.#source.latest ?? (await modifiedAt(file.path)) ?? clock.now();
    this.#reader.firstTime = undefined;
    this.#reader.lastTime = undefined;
    const known = await ledger.segments(this.#source.host, this.#source.parserName);
    const batches = readSegment(file.path, {
      known,
      sink: this.#sink(),
      finished: file.finished,
      enough: () => this.#counter.size >= BATCH_TALLIES || this.#bytes >= BATCH_BYTES,
    });
    let bytes = 0;
    let id: number | undefined;
    for await (const batch of batches) {
      bytes += batch.bytes;
      const before = known.find((segment) => segment.id === batch.segment.id);
      const changed = batch.bytes > 0 || batch.segment.incomplete !== (before?.incomplete ?? false);
      if (changed) id = await this.#commit(batch, id);
    }
    return bytes;
  }

  #sink() {
    return {
      bytes: (piece: Buffer): number => {
        this.#bytes += piece.length;
        return this.#reader.bytes(piece);
      },
      finish: (): number => this.#reader.finish(),
      discard: (): void => this.#reader.discard(),
    };
  }

  async #commit(batch: SegmentBatch, id: number | undefined): Promise<number | undefined> {
    const segment = id === undefined ? batch.segment : { ...batch.segment, id };
    return this.#write({ segment });
  }

  async #write(part: Pick<IngestBatch, 'segment' | 'readToEndAt'>): Promise<number | undefined> {
    const { firstTime, lastTime, table } = this.#reader;
    const { changed, deleted } = table.takeChanges();
    const oldest = table.oldest();
    const sessions = this.#counter.sessions;
    const { segmentId, version } = await this.#deps.ledger.commit({
      ...part,
      logId: this.#log.id,
      ingestedAt: this.#deps.clock.now(),
      sessions: this.#counter.take(),
      openChanged: changed,
      openDeleted: deleted,
      expectedVersion: this.#version,
      refuseOverlap: this.#source.overlap === 'refuse',
      ...(oldest !== undefined && { oldestOpen: oldest }),
      ...(firstTime !== undefined && { firstTime }),
      ...(lastTime !== undefined && { lastTime }),
    });
    this.#version = version;
    this.#bytes = 0;
    this.#count(sessions);
    return segmentId;
  }

  /** Counted only when committed, so that what is read twice is said once. */
  #count(sessions: number): void {
    const { lines, firstTime, lastTime } = this.#reader;
    this.#summary.sessions += sessions;
    this.#summary.lines += lines - this.#linesCounted;
    this.#linesCounted = lines;
    if (firstTime !== undefined)
      this.#summary.firstTime = Math.min(this.#summary.firstTime ?? firstTime, firstTime);
    if (lastTime !== undefined)
      this.#summary.lastTime = Math.max(this.#summary.lastTime ?? lastTime, lastTime);
  }

  #refusal(path: string, error: OverlapError): Problem {
    const day = (time: number) => new Date(time).toISOString().slice(0, 16).replace('T', ' ');
    return new Problem(
      EXIT.data,
      `its lines are of a time that another log of ${this.#source.host} covers already`,
      {
        where: path,
        help: `${error.other.name} was read from ${day(error.from)} to ${day(error.to)} UTC; if this is really other mail, insist with --overlap count, or name its host with --host`,
        cause: error,
      },
    );
  }

  async #end(): Promise<void> {
    this.#reader.firstTime = undefined;
    this.#reader.lastTime = undefined;
    await this.#write({ readToEndAt: this.#deps.clock.now() });
    const { table } = this.#reader;
    const hints = this.#parser.hints?.(table, table.keys()) ?? [];
    this.#summary.hints.push(...hints);
    await this.#deps.ledger.setNote(
      `hints:${this.#log.id}`,
      hints.map(({ id, text }) => ({ id, text })),
    );
    if (this.#reader.faults > 0) {
      this.#summary.hints.push({
        id: 'parser-fault',
        text: `the ${this.#source.parserName} parser failed on ${this.#reader.faults} lines of ${this.#source.name} and passed them over; please report it`,
      });
    }
  }

  #newReader(open: Parameters<SessionReader['table']['load']>[0]): SessionReader {
    return new SessionReader({
      parser: this.#parser,
      zone: this.#source.zone,
      host: this.#source.host,
      latest: () => this.#latest,
      onSession: (session) => this.#counter.add(withSendingAddress(session, this.#source.sendingFrom)),
      open,
    });
  }
}
