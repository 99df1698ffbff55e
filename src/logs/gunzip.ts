import { Inflation } from './inflation.ts';
import type { LogInput } from './log-input.ts';
import { corruptArchive, endlessArchive, TruncatedArchive } from './truncated-archive.ts';
import { unpack } from './unpack.ts';

/** Of compressed bytes at a time: about as many as make a piece of a log's uncompressed ones. */
const COMPRESSED_PIECE = 131_072;

/** The end of a member: its length, mod 2^32 (RFC 1952 §2.3.1), and the one byte that may stand behind. */
const LENGTH_AND_ONE = 5;
const LENGTHS = 2 ** 32;
/** What a member begins with. */
const FIRST_OF_MEMBER = 0x1f;

/**
 * The uncompressed bytes of a gzip file of any number of members, inflated a little ahead. A bomb is no danger: no
 * more than a few pieces are kept, whatever they grow to. Where something else stands behind the last member, the rest
 * is left to gzip, for zlib keeps what it had inflated when it met that. A pipe, which cannot be read again, is refused.
 * @param onGarbage told at the end that behind the last member something else stands
 * @throws TruncatedArchive, Problem (data)
 */
export async function* gunzip(input: LogInput, onGarbage = () => {}): AsyncGenerator<Buffer, void> {
  const inflation = new Inflation();
  const ending = new Ending();
  const feeding = inflation.feed(ending.watch(input.pieces(0, COMPRESSED_PIECE)));
  let length = 0;
  let behindIt: 'nothing' | 'a byte' | 'more' = 'nothing';
  try {
    for (let piece = await inflation.next(); piece !== undefined; piece = await inflation.next()) {
      length += piece.length;
      yield piece;
      // zlib's thread goes on only when it was heard, which waiting pieces would put off.
      await turn();
    }
  } catch (error) {
    if (isGarbage(error) && input.descriptor !== undefined) behindIt = 'more';
    else if (isTooShort(error) && ending.isOneBehind(length)) behindIt = 'a byte';
    else throw asProblem(error, input.path);
  } finally {
    inflation.close();
    await feeding;
  }
  if (behindIt === 'more') yield* behind(length, unpack(input, 'gz'));
  if (behindIt !== 'nothing') onGarbage();
}

async function* behind(length: number, pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let left = length;
  for await (const piece of pieces) {
    if (left < piece.length) yield piece.subarray(left);
    left = Math.max(0, left - piece.length);
  }
}

/** Remembers the last bytes that went by. */
class Ending {
  #bytes: Buffer = Buffer.alloc(0);

  async *watch(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
    for await (const piece of pieces) {
      this.#bytes = Buffer.concat([this.#bytes, piece.subarray(-LENGTH_AND_ONE)]).subarray(-LENGTH_AND_ONE);
      yield piece;
    }
  }

  /** Whether one byte stands behind a member that has so many bytes: too little for zlib to see that it begins none. */
  isOneBehind(length: number): boolean {
    const bytes = this.#bytes;
    if (length === 0 || bytes.length < LENGTH_AND_ONE || bytes.at(-1) === FIRST_OF_MEMBER) return false;
    return bytes.readUInt32LE(0) === length % LENGTHS;
  }
}

/** The file begins with a member, or it would be no gzip: zlib misses the beginning of a further one. */
function isGarbage(error: unknown): boolean {
  return error instanceof Error && error.message === 'incorrect header check';
}

function isTooShort(error: unknown): boolean {
  return codeOf(error) === 'Z_BUF_ERROR';
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function asProblem(error: unknown, path: string): unknown {
  if (isTooShort(error)) return new TruncatedArchive(path, error);
  if (isGarbage(error)) return endlessArchive(path, error);
  return codeOf(error)?.startsWith('Z_') ? corruptArchive(path, error) : error;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
