import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { EXIT, Problem, systemReason } from '../errors.ts';
import { type FileKey, keyOf, MovedFile } from './file-key.ts';
import { helpForLog, isGone } from './unreadable.ts';

const PIECE = 1_048_576;
const HEAD = 4096;

/** The bytes of a file or stream as they are stored. */
export interface LogInput {
  readonly path: string;
  /** Its descriptor, at offset 0, where another program may read it; absent for what was begun to be read. */
  readonly descriptor: number | undefined;
  /** The first bytes: up to 4096 of a file, of a stream what comes first but enough to tell its format. */
  head(): Promise<Buffer>;
  /** Everything from a byte on, in pieces of at most `size`, each valid only until the next is asked for. */
  pieces(from: number, size?: number): AsyncGenerator<Buffer, void>;
  close(): Promise<void>;
}

/** Where the bytes of a log come from. */
export interface InputOptions {
  /** What `-` stands for; the process's own when absent. */
  readonly stdin?: Readable;
  /** The file that was at this path when the chain was listed. */
  readonly expect?: FileKey;
}

/**
 * Opens a file, a pipe, or standard input (`-`).
 * @throws Problem (data) naming the path and what is wrong with it; MovedFile when another file than the expected one
 * is there, or none.
 */
export async function openInput(path: string, options: InputOptions = {}): Promise<LogInput> {
  const { stdin = process.stdin, expect } = options;
  if (path === '-') return new StreamInput('standard input', stdin, async () => {});
  const handle = await open(path, 'r').catch((cause: unknown) => {
    if (expect !== undefined && isGone(cause)) throw new MovedFile(path);
    throw unreadable(path, cause);
  });
  const status = await handle.stat();
  if (expect !== undefined && keyOf(status) !== expect) {
    await handle.close();
    throw new MovedFile(path);
  }
  if (status.isFile()) return new FileInput(path, handle);
  if (status.isDirectory()) {
    await handle.close();
    throw new Problem(EXIT.data, 'this is a directory, not a log', {
      where: path,
      help: 'name the files in it',
    });
  }
  return new StreamInput(path, handle.createReadStream({ highWaterMark: PIECE }), () =>
    handle.close().catch(() => {}),
  );
}

function unreadable(path: string, cause: unknown): Problem {
  const reason = systemReason(cause);
  return new Problem(EXIT.data, `cannot read the log: ${reason}`, {
    where: path,
    cause,
    help: helpForLog(cause),
  });
}

class FileInput implements LogInput {
  readonly path: string;
  readonly descriptor: number;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.descriptor = handle.fd;
    this.#handle = handle;
  }

  async head(): Promise<Buffer> {
    return this.#read(Buffer.allocUnsafe(HEAD), 0);
  }

  /**
   * Two buffers in turn: one is filled while the other is worked on. A file that was truncated or written over in the
   * meantime ends before the first piece that may not be of the same content.
   */
  async *pieces(from: number, size = PIECE): AsyncGenerator<Buffer, void> {
    const under = { head: await this.head() };
    let free = Buffer.allocUnsafe(size);
    let busy = Buffer.allocUnsafe(size);
    let offset = from;
    let next = this.#readUnder(under, busy, offset);
    try {
      for (let piece = await next; piece.length > 0; piece = await next) {
        offset += piece.length;
        [busy, free] = [free, busy];
        next = this.#readUnder(under, busy, offset);
        yield piece;
      }
    } finally {
      // A read under way must not outlive its descriptor when the consumer turns away.
      await next.catch(() => {});
    }
  }

  /** A piece, empty if the file no longer begins with what it began with once the piece was read. */
  async #readUnder(under: { head: Buffer }, buffer: Buffer, position: number): Promise<Buffer> {
    const piece = await this.#read(buffer, position);
    const now = this.#headNow();
    if (!goesOn(now, under.head, 0) || !goesOn(now, piece, position)) return piece.subarray(0, 0);
    under.head = now;
    return piece;
  }

  /** At once: a few bytes that were read just before cost less than to wait for them behind a piece's work. */
  #headNow(): Buffer {
    const buffer = Buffer.allocUnsafe(HEAD);
    try {
      return buffer.subarray(0, readSync(this.descriptor, buffer, 0, HEAD, 0));
    } catch (cause) {
      throw unreadable(this.path, cause);
    }
  }

  async #read(buffer: Buffer, position: number): Promise<Buffer> {
    try {
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, position);
      return buffer.subarray(0, bytesRead);
    } catch (cause) {
      throw unreadable(this.path, cause);
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Whether bytes read at `position` are those of a file that begins with `head`, as far as that reaches. */
function goesOn(head: Buffer, bytes: Buffer, position: number): boolean {
  if (position >= head.length) return bytes.length === 0 || head.length === HEAD;
  const shared = head.subarray(position, position + bytes.length);
  if (shared.length < bytes.length && head.length < HEAD) return false;
  return bytes.subarray(0, shared.length).equals(shared);
}

class StreamInput implements LogInput {
  readonly path: string;
  readonly descriptor = undefined;
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #after: () => Promise<void>;
  #ahead: Buffer[] = [];

  constructor(path: string, stream: Readable, after: () => Promise<void>) {
    this.path = path;
    this.#stream = stream;
    this.#chunks = stream[Symbol.asyncIterator]();
    this.#after = after;
  }

  async head(): Promise<Buffer> {
    let head: Buffer = Buffer.concat(this.#ahead);
    while (head.length < 6) {
      const chunk = await this.#next();
      if (chunk === undefined) break;
      head = Buffer.concat([head, chunk]);
    }
    this.#ahead = [head];
    return head.subarray(0, HEAD);
  }

  async *pieces(from: number, size = PIECE): AsyncGenerator<Buffer, void> {
    let left = from;
    for (
      let chunk = this.#ahead.shift() ?? (await this.#next());
      chunk !== undefined;
      chunk = await this.#next()
    ) {
      for (let at = Math.min(left, chunk.length); at < chunk.length; at += size)
        yield chunk.subarray(at, at + size);
      left = Math.max(0, left - chunk.length);
    }
  }

  async #next(): Promise<Buffer | undefined> {
    try {
      const { value, done } = await this.#chunks.next();
      return done === true ? undefined : Buffer.from(value);
    } catch (cause) {
      throw unreadable(this.path, cause);
    }
  }

  async close(): Promise<void> {
    this.#stream.destroy();
    await this.#after();
  }
}
