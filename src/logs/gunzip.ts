import { Inflation } from './inflation.ts';
import type { LogInput } from './log-input.ts';
import { corruptArchive, TruncatedArchive } from './truncated-archive.ts';

/** Of compressed bytes at a time: about as many as make a piece of a log's uncompressed ones. */
const COMPRESSED_PIECE = 131_072;

/**
 * The uncompressed bytes of a gzip file of any number of members, inflated a little ahead. A bomb is no danger: no
 * more than a few pieces are kept, whatever they grow to.
 * @throws TruncatedArchive, Problem (data)
 */
export async function* gunzip(input: LogInput): AsyncGenerator<Buffer, void> {
  const inflation = new Inflation();
  const feeding = inflation.feed(input.pieces(0, COMPRESSED_PIECE));
  try {
    for (let piece = await inflation.next(); piece !== undefined; piece = await inflation.next()) {
      yield piece;
      // zlib's thread goes on only when it was heard, which waiting pieces would put off.
      await turn();
    }
  } catch (error) {
    throw asProblem(error, input.path);
  } finally {
    inflation.close();
    await feeding;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function asProblem(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'Z_BUF_ERROR') return new TruncatedArchive(path, error);
  return code?.startsWith('Z_') ? corruptArchive(path, error) : error;
}
