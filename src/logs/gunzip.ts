import { createGunzip, type Gunzip } from 'node:zlib';
import type { LogInput } from './log-input.ts';
import { corruptArchive, TruncatedArchive } from './truncated-archive.ts';

/** Of compressed bytes at a time: they grow to a thousandfold at worst, and that is what memory holds of a bomb. */
const COMPRESSED_PIECE = 65_536;
/** zlib's own default of 16 KiB costs three times the time. */
const UNCOMPRESSED_PIECE = 1_048_576;

/**
 * The uncompressed bytes of a gzip file of any number of members. The stream is driven piece by piece rather than
 * piped: all bytes before an error are delivered, which a pipe drops, and the next piece is inflated meanwhile.
 * @throws TruncatedArchive, Problem (data)
 */
export async function* gunzip(input: LogInput): AsyncGenerator<Buffer, void> {
  const inflated: Buffer[] = [];
  const stream = createGunzip({ chunkSize: UNCOMPRESSED_PIECE });
  stream.on('data', (chunk: Buffer) => inflated.push(chunk));
  const failed = new Promise<never>((_, reject) => stream.once('error', reject));
  failed.catch(() => {});
  try {
    let writing: Promise<void> | undefined;
    // The stream holds what is written until it is done with it, and the input reuses its two buffers in turn.
    for await (const piece of input.pieces(0, COMPRESSED_PIECE)) {
      const copy = Buffer.from(piece);
      await writing;
      const ready = inflated.splice(0);
      writing = Promise.race([write(stream, copy), failed]);
      writing.catch(() => {});
      yield* ready;
    }
    await writing;
    yield* inflated.splice(0);
    await Promise.race([end(stream), failed]);
    yield* inflated.splice(0);
  } catch (error) {
    yield* inflated.splice(0);
    throw asProblem(error, input.path);
  } finally {
    stream.destroy();
  }
}

function write(stream: Gunzip, piece: Buffer): Promise<void> {
  return new Promise((resolve) => stream.write(piece, () => resolve()));
}

function end(stream: Gunzip): Promise<void> {
  return new Promise((resolve) => {
    stream.once('end', resolve);
    stream.end();
  });
}

function asProblem(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'Z_BUF_ERROR') return new TruncatedArchive(path, error);
  return code?.startsWith('Z_') ? corruptArchive(path, error) : error;
}
