import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Segment } from '../../src/ledger/ledger.ts';
import { LineScanner } from '../../src/logs/line-scanner.ts';
import { readFrom, type SegmentBatch } from '../../src/logs/read-segment.ts';
import { findStart } from '../../src/logs/segment-start.ts';

/** What the ledger keeps of segments, and every line that was committed with them. */
export class Committed {
  readonly segments: Segment[] = [];
  readonly lines: string[] = [];

  write({ segment }: SegmentBatch, lines: readonly string[], id: number | undefined): number {
    const known = this.segments.findIndex((one) => one.id === (id ?? segment.id));
    const tie = this.segments[known]?.tie ?? segment.tie ?? 0;
    const twin = this.segments.findIndex((one) => one.identity === segment.identity && one.tie === tie);
    if (twin >= 0 && twin !== known) throw new Error('two segments of one identity');
    const row = {
      ...segment,
      tie,
      id: known < 0 ? this.segments.length + 1 : (id ?? segment.id ?? 0),
      logId: 1,
    };
    if (known < 0) this.segments.push(row);
    else this.segments[known] = row;
    this.lines.push(...lines);
    return row.id;
  }
}

export interface ReadOptions {
  readonly finished?: boolean;
  readonly enough?: () => boolean;
  readonly stdin?: Readable;
  /** Batches after which the reader is killed, uncommitted. */
  readonly killAfter?: number;
}

/** Reads what is new in a file and commits it batch by batch. Returns the batches. */
export async function readInto(
  committed: Committed,
  path: string,
  options: ReadOptions = {},
): Promise<SegmentBatch[]> {
  let lines: string[] = [];
  const scanner = new LineScanner([], (line) => lines.push(line));
  const { finished = false, enough, stdin, killAfter = Number.POSITIVE_INFINITY } = options;
  const batches: SegmentBatch[] = [];
  let id: number | undefined;
  const known = [...committed.segments];
  const start = await findStart(path, known, { ...(stdin !== undefined && { stdin }) });
  const reading = readFrom(path, start, {
    known,
    sink: {
      elsewhere: () => {
        throw new Error('nothing is read elsewhere here');
      },
      bytes: (piece) => scanner.push(piece),
      finish: () => scanner.finish(),
      discard: () => scanner.discard(),
    },
    finished,
    ...(enough !== undefined && { enough }),
  });
  try {
    for await (const batch of reading) {
      if (batches.length >= killAfter) break;
      batches.push(batch);
      id = committed.write(batch, lines, id);
      lines = [];
    }
  } finally {
    await start.close();
  }
  return batches;
}

/** A line, without its newline, that differs from those of other numbers. */
export const line = (at: number, word = 'line') =>
  `Nov  2 10:00:01 mail postfix/smtp[1]: ${word} ${at} ${createHash('md5').update(`${at}`).digest('hex')}`;
/** The lines from one number to before another. */
export const linesOf = (from: number, to: number, word?: string) =>
  Array.from({ length: to - from }, (_, at) => line(from + at, word));
/** The same as the text of a file. */
export const textOf = (from: number, to: number, word?: string) =>
  linesOf(from, to, word)
    .map((text) => `${text}\n`)
    .join('');
