import { Problem } from '../errors.ts';
import { type IngestBatch, type Log, OverlapError, type Segment, StalePosition } from '../ledger/ledger.ts';
import type { Pieces, ReadElsewhere } from '../logs/pieces.ts';
import { type LineSink, readFrom, type SegmentBatch } from '../logs/read-segment.ts';
import type { SegmentStart } from '../logs/segment-start.ts';
import { SessionReader } from '../logs/session-reader.ts';
import { TruncatedArchive } from '../logs/truncated-archive.ts';
import { boundAsTold, fixedBound, type YearBound } from '../logs/years.ts';
import type { Hint, LogParser, Session } from '../parser.ts';
import { withSendingAddress } from '../policy/sending-address.ts';
import { Stitching } from './ahead/stitching.ts';
import { ToldStretch } from './ahead/stretch.ts';
import { TallyCounter } from './batch.ts';
import { LOG_LIMITS, limitsFor } from './batch-limits.ts';
import type { Edit } from './edited.ts';
import { isOfTheLedger, noticesOf, refusal } from './faults.ts';
import {
  type FileContext,
  type FileOutcome,
  type FileStart,
  inputOf,
  startOf,
  yearsOf,
} from './file-start.ts';
import { noteFindings } from './findings.ts';
import { sinkOf } from './line-sink.ts';
import { addBatch, type ReadingDeps, type ReadSummary, type Source, type SourceFile } from './source.ts';
import { UnknownLines } from './unknown-lines.ts';

/** The reading of one log: bytes in, committed batches out. It may go on from pass to pass. */
export class LogReading {
  /** Where what is committed is counted. */
  summary: ReadSummary;
  readonly #deps: ReadingDeps;
  readonly #source: Source;
  readonly #parser: LogParser;
  readonly #counter: TallyCounter;
  readonly #unknown = new UnknownLines();
  /** Those of other logs whose segments turn up among our files, by log id. */
  readonly #owners = new Map<number, LogReading>();
  #log: Log | undefined;
  #known: Segment[] = [];
  #reader: SessionReader;
  /** Lines were read that are not committed. */
  #dirty = false;
  #version = -1;
  /** Those to the host's logs, ours among them; NaN where what is known is to be asked for again. */
  #commits = Number.NaN;
  /** The end of the lines read of a source that is no file; absent when they are committed. */
  #cursor: string | undefined;
  #years: YearBound = fixedBound(0);
  /** Of the stretch that is being taken over. */
  #stitching: Stitching | undefined;
  #bytes = 0;
  #linesCounted = 0;

  constructor(deps: ReadingDeps, source: Source, summary: ReadSummary) {
    this.#deps = deps;
    this.#source = source;
    this.summary = summary;
    this.#parser = source.makeParser();
    const complete = (session: Session) => withSendingAddress(session, source.sendingFrom);
    this.#counter = new TallyCounter(source.host, source.parserName, complete);
    this.#reader = this.#newReader([]);
  }

  /** The log as the ledger had it at {@link begin}. */
  get log(): Log {
    if (this.#log === undefined) throw new Error('begin was not called');
    return this.#log;
  }

  /** Every segment of this host and parser, whatever its log. */
  get segments(): readonly Segment[] {
    return this.#known;
  }

  /** Takes up positions and open sessions as they are committed by now; what was read since is dropped. */
  async begin(): Promise<void> {
    const { ledger } = this.#deps;
    const { host, parserName, name } = this.#source;
    const commits = await ledger.commits(host, parserName);
    // Of thousands of archives it takes long to ask for all that is known, and only we have committed anything.
    if (!this.#dirty && commits === this.#commits) return;
    this.#commits = Number.NaN;
    // The version first: whatever is committed while the rest is fetched makes our own commit fail.
    const log = await ledger.log(host, parserName, name);
    if (this.#dirty || log.version !== this.#version) {
      this.#counter.take();
      this.#unknown.drop();
      this.#linesCounted = 0;
      this.#bytes = 0;
      this.#cursor = undefined;
      this.#reader = this.#newReader(await ledger.openRows(log.id));
      this.#dirty = false;
    }
    this.#log = log;
    this.#version = log.version;
    this.#known = await ledger.segments(host, parserName);
    this.#commits = commits;
  }

  /**
   * Reads what is new in a file, into the log that its segment belongs to.
   * @throws StalePosition when somebody else has read on; MovedFile when the log was rotated, or `confirm` says no; Stopped
   */
  async file(file: SourceFile, context: FileContext = {}): Promise<FileOutcome> {
    let begun: FileStart;
    try {
      const [source, parser, known] = [this.#source, this.#parser, this.#known];
      begun = await startOf(file, context, { id: this.log.id, known, source, parser });
    } catch (error) {
      return { bytes: 0, problem: await this.#problemOf(error, file) };
    }
    try {
      const reading = await this.#readingOf(begun.start);
      const outcome = await reading.#take(file, begun, context);
      if (reading !== this && outcome.segment !== undefined) this.#know(outcome.segment);
      return outcome;
    } finally {
      await begun.start.close();
    }
  }

  /** Reads whole lines of a source that is no file. @param cursor marks their end */
  async lines(lines: Buffer, cursor: string): Promise<void> {
    this.#years = fixedBound(this.#source.latest ?? this.#deps.clock.now());
    this.#sink(this.#source.name).bytes(lines);
    this.#cursor = cursor;
    if (this.#isEnough()) await this.flush();
  }

  /** Commits what was read of such a source. */
  async flush(): Promise<void> {
    if (this.#cursor === undefined) return;
    await this.#write({ cursor: this.#cursor });
    this.#cursor = undefined;
  }

  /**
   * Notes that the log was read to its end, and what it could not witness.
   * @param at UTC ms
   * @param more what else there is to say of the log
   */
  async end(at = this.#deps.clock.now(), more: readonly Hint[] = []): Promise<void> {
    this.#reader.firstTime = undefined;
    this.#reader.nextFile();
    await this.#write({ readToEndAt: at });
    await this.noteFindings(at, more);
  }

  /** Notes what the log could not witness, as far as it was read. The parameters are those of {@link end}. */
  async noteFindings(at: number, more: readonly Hint[]): Promise<void> {
    const [{ table }, { parserName }] = [this.#reader, this.#source];
    const unknown = { ...this.#unknown.take(), faults: this.#reader.takeFaults() };
    const log = { id: this.log.id, parserName, parser: this.#parser, table };
    this.summary.hints.push(...(await noteFindings(this.#deps.ledger, log, { unknown, at, more })));
  }

  /** Open sessions belong to the log: what goes on in another log's segment is read as that log's. */
  async #readingOf({ segment, short }: SegmentStart): Promise<LogReading> {
    if (segment === undefined || short || segment.logId === this.log.id) return this;
    const owner = this.#owners.get(segment.logId) ?? (await this.#newOwner(segment.logId));
    owner.summary = this.summary;
    await owner.begin();
    const now = owner.#known.find(({ id }) => id === segment.id);
    if (now?.position.offset !== segment.position.offset) throw new StalePosition('its log was read on');
    return owner;
  }

  async #newOwner(logId: number): Promise<LogReading> {
    const log = (await this.#deps.ledger.logs()).find(({ id }) => id === logId);
    if (log === undefined) throw new StalePosition('the log of a segment is gone');
    const owner = new LogReading(this.#deps, { ...this.#source, name: log.name }, this.summary);
    this.#owners.set(logId, owner);
    return owner;
  }

  async #take(file: SourceFile, begun: FileStart, context: FileContext): Promise<FileOutcome> {
    const { start, edit } = begun;
    this.#years = await yearsOf(file, begun, this.#source, this.#deps.clock.now());
    this.#reader.firstTime = undefined;
    this.#reader.nextFile(begun.before);
    const batches = readFrom(file.path, start, {
      known: this.#known,
      sink: this.#sink(file.path),
      pieces: edit === undefined ? this.#ahead(file, start, context) : undefined,
      finished: file.finished,
      enough: () => this.#isEnough(limitsFor(file.path)),
      stop: () => this.#deps.signal?.aborted === true,
    });
    let { segment } = start;
    let bytes = 0;
    const outcome = () => ({
      bytes,
      ...(segment !== undefined && { segment }),
      ...(edit !== undefined && { edit }),
    });
    try {
      for await (const batch of batches) {
        bytes += batch.bytes;
        const changed = batch.bytes > 0 || batch.segment.incomplete !== (segment?.incomplete ?? false);
        // Of an edited file the place is kept even if nothing is new, so that it is not looked for again.
        const placed = edit !== undefined && segment === undefined;
        if (changed || placed) segment = await this.#commit(batch, segment, edit);
      }
      return outcome();
    } catch (error) {
      // One that is still being written may be cut off: it is read on when it has grown.
      const growing = error instanceof TruncatedArchive && !file.finished;
      const problem = await this.#problemOf(error, file);
      return { ...outcome(), ...(!growing && { problem }) };
    }
  }

  #ahead(file: SourceFile, start: SegmentStart, context: FileContext): Pieces | undefined {
    const whereabouts = { open: () => this.#reader.table.rows(), years: () => this.#years.told?.() };
    return this.#deps.ahead?.pieces({ path: file.path, start, input: inputOf(file, context), whereabouts });
  }

  /** Takes over what was read elsewhere, if it means the same upon what is open here. */
  #takeOver({ batch, mark }: ToldStretch): boolean {
    if (mark !== undefined) this.#stitching = new Stitching(this.#reader, this.#years, mark);
    const into = { counter: this.#counter, unknown: this.#unknown };
    if (this.#stitching?.take(batch, into) !== true) return false;
    this.#years = boundAsTold(batch.years);
    return true;
  }

  #isEnough({ tallies, bytes } = LOG_LIMITS): boolean {
    return this.#counter.size >= (this.#deps.batchTallies ?? tallies) || this.#bytes >= bytes;
  }

  /** What is wrong with a file, if that is what an error says; else it is thrown on. */
  async #problemOf(error: unknown, { path }: SourceFile): Promise<Problem> {
    const problem = error instanceof OverlapError ? refusal(path, this.#source.host, error) : error;
    const ofTheFile = problem instanceof Problem && !isOfTheLedger(problem);
    if (!ofTheFile) throw error;
    if (this.#dirty) await this.begin();
    return problem;
  }

  #sink(path: string): LineSink {
    const went = (bytes: number, lineBytes: number) => {
      this.#bytes += bytes;
      if (lineBytes > 0) this.#dirty = true;
      this.#deps.onBytes?.(path, bytes, this.#reader.lastTime);
    };
    const elsewhere = (piece: ReadElsewhere) => piece instanceof ToldStretch && this.#takeOver(piece);
    return sinkOf(this.#reader, { went, elsewhere });
  }

  async #commit(
    { segment: part }: SegmentBatch,
    before: Segment | undefined,
    edit: Edit | undefined,
  ): Promise<Segment> {
    // The file begins where it always did, though its first lines were read as another segment.
    if (edit !== undefined && before === undefined) {
      this.#reader.firstTime = edit.begin;
      this.#reader.lastTime ??= edit.covered;
    }
    const { firstTime, lastTime } = this.#reader;
    const id = await this.#write({ segment: before === undefined ? part : { ...part, id: before.id } });
    const segment: Segment = {
      ...before,
      ...part,
      id: id ?? -1,
      tie: before?.tie ?? part.tie ?? 0,
      logId: this.log.id,
      ...(firstTime !== undefined && { firstTime: before?.firstTime ?? firstTime }),
      ...(lastTime !== undefined && { lastTime }),
    };
    this.#know(segment);
    if (before === undefined) this.summary.notices.push(...noticesOf(segment, edit));
    return segment;
  }

  #know(segment: Segment): void {
    this.#known = [...this.#known.filter(({ id }) => id !== segment.id), segment];
  }

  async #write(part: Pick<IngestBatch, 'segment' | 'cursor' | 'readToEndAt'>): Promise<number | undefined> {
    const { firstTime, lastTime, table } = this.#reader;
    const covered = this.#reader.covered.span;
    const { changed, deleted } = table.takeChanges();
    const oldest = table.oldest();
    const sessions = this.#counter.sessions;
    this.#dirty = true;
    const { segmentId, version } = await this.#deps.ledger.commit({
      ...part,
      logId: this.log.id,
      ingestedAt: this.#deps.clock.now(),
      sessions: this.#counter.take(),
      openChanged: changed,
      openDeleted: deleted,
      expectedVersion: this.#version,
      refuseOverlap: this.#source.overlap === 'refuse',
      ...(oldest !== undefined && { oldestOpen: oldest }),
      ...(firstTime !== undefined && { firstTime }),
      ...(lastTime !== undefined && { lastTime }),
      ...(covered !== undefined && { covered }),
    });
    this.#version = version;
    this.#commits = part.segment === undefined ? Number.NaN : this.#commits + 1;
    this.#bytes = 0;
    this.#dirty = false;
    this.#unknown.keep();
    this.#count(sessions);
    return segmentId;
  }

  /** Counted only when committed, so that what is read twice is said once. */
  #count(sessions: number): void {
    const { lines, covered } = this.#reader;
    addBatch(this.summary, {
      lines: lines - this.#linesCounted,
      sessions,
      firstTime: covered.span?.from,
      lastTime: covered.span?.until,
    });
    this.#linesCounted = lines;
  }

  #newReader(open: Parameters<SessionReader['table']['load']>[0]): SessionReader {
    return new SessionReader({
      parser: this.#parser,
      zone: this.#source.zone,
      host: this.#source.host,
      latest: (last) => this.#years(last),
      emit: (session, time, number) => this.#counter.add(session, time, number),
      onUnknown: (entry) => this.#unknown.add(entry),
      open,
    });
  }
}
