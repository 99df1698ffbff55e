import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { EXIT, Problem, systemReason } from '../errors.ts';

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

/**
 * Opens a file, a pipe, or standard input (`-`).
 * @throws Problem (data) naming the path and what is wrong with it.
 */
export async function openInput(path: string, stdin: Readable = process.stdin): Promise<LogInput> {
  if (path === '-') return new StreamInput('standard input', stdin, async () => {});
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  const status = await handle.stat();
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
  return new Problem(EXIT.data, `cannot read the log: ${systemReason(cause)}`, { where: path, cause });
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
    const head = await this.head();
    let free = Buffer.allocUnsafe(size);
    let busy = Buffer.allocUnsafe(size);
    let offset = from;
    let next = this.#readUnder(head, busy, offset);
    try {
      for (let piece = await next; piece.length > 0; piece = await next) {
        offset += piece.length;
        [busy, free] = [free, busy];
        next = this.#readUnder(head, busy, offset);
        yield piece;
      }
    } finally {
      // A read under way must not outlive its descriptor when the consumer turns away.
      await next.catch(() => {});
    }
  }

  /** A piece, empty if the file no longer begins with `head` once it was read. */
  async #readUnder(head: Buffer, buffer: Buffer, position: number): Promise<Buffer> {
    const piece = await this.#read(buffer, position);
    const now = await this.#read(Buffer.allocUnsafe(head.length), 0);
    return now.equals(head) ? piece : piece.subarray(0, 0);
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
