import { stat } from 'node:fs/promises';
import { EXIT, Problem } from '../errors.ts';
import { type Format, formatOf, isBinary } from './format.ts';
import { gunzip } from './gunzip.ts';
import { type InputOptions, type LogInput, openInput } from './log-input.ts';
import { goOn } from './stopped.ts';
import { unpack } from './unpack.ts';

/** Where in a log to begin. */
export interface OpenLogOptions extends InputOptions {
  /** Uncompressed bytes to pass over. */
  readonly from?: number;
  /** Ends the passing over; once that is done it is for the caller to stop. */
  readonly signal?: AbortSignal;
  /** Told that something else stands behind an archive, as gzip says of trailing garbage: it was passed over. */
  readonly onGarbage?: () => void;
}

/** What is to be said then. */
export function garbageText(path: string): string {
  return `${path} holds more than an archive: what stands behind its end was passed over`;
}

/** What holds no text, and so can be no log. */
export class BinaryData extends Problem {
  constructor(path: string) {
    super(EXIT.data, 'this is no log: it holds binary data', {
      where: path,
      help: 'logs are text, plain or compressed with gzip, xz, zstd or bzip2',
    });
  }
}

/**
 * The uncompressed bytes of a log: plain, .gz, .xz, .zst or .bz2, told by their first bytes, not by name; `-` is
 * standard input. A piece is valid only until the next one is asked for.
 * @throws Problem (data) for what cannot be read or is no log; {@link TruncatedArchive} after the bytes that came
 * before an unexpected end; Stopped; Problem (unavailable) where the program that unpacks it is missing; MovedFile
 */
export async function* openLog(path: string, options: OpenLogOptions = {}): AsyncGenerator<Buffer, void> {
  const from = options.from ?? 0;
  const input = await openInput(path, options);
  try {
    const format = formatOf(await input.head());
    if (format === 'plain') yield* checked(input.pieces(from), input.path, from);
    else yield* skip(checked(uncompressed(input, format, options), input.path, 0), from, options.signal);
  } finally {
    await input.close();
  }
}

/** UTC ms of the last change of a file: no later line can be in it. Undefined for standard input. */
export async function modifiedAt(path: string): Promise<number | undefined> {
  if (path === '-') return undefined;
  const status = await stat(path).catch(() => undefined);
  return status?.isFile() ? Math.floor(status.mtimeMs) : undefined;
}

function uncompressed(
  input: LogInput,
  format: Exclude<Format, 'plain'>,
  { onGarbage }: OpenLogOptions,
): AsyncGenerator<Buffer, void> {
  return format === 'gz' ? gunzip(input, onGarbage) : unpack(input, format);
}

/** Refuses at its first bytes what is no text. */
async function* checked(
  pieces: AsyncIterable<Buffer>,
  path: string,
  from: number,
): AsyncGenerator<Buffer, void> {
  let first = from === 0;
  for await (const piece of pieces) {
    if (first && isBinary(piece)) throw new BinaryData(path);
    first = false;
    yield piece;
  }
}

async function* skip(
  pieces: AsyncIterable<Buffer>,
  bytes: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void> {
  let left = bytes;
  for await (const piece of pieces) {
    if (left > 0) goOn(signal);
    if (left >= piece.length) left -= piece.length;
    else {
      yield piece.subarray(left);
      left = 0;
    }
  }
}
