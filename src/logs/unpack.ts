import { spawn } from 'node:child_process';
import { Readable, type Writable } from 'node:stream';
import { EXIT, Problem } from '../errors.ts';
import { endOf, isNotInstalled } from './child-end.ts';
import type { LogInput } from './log-input.ts';
import { corruptArchive, TruncatedArchive } from './truncated-archive.ts';

/** The program of each format, and the Debian package that brings it. */
const PROGRAMS = {
  gz: { program: 'gzip', package: 'gzip' },
  xz: { program: 'xz', package: 'xz-utils' },
  zst: { program: 'zstd', package: 'zstd' },
  bz2: { program: 'bzip2', package: 'bzip2' },
} as const;

/** How gzip ends that has read all, and passed over what stands behind it. */
const WARNED = 2;

/** How the programs say that the data ended too early, as against being damaged. */
const TOO_SHORT = /unexpected end|premature end|ends unexpectedly|incomplete/i;

/**
 * The uncompressed bytes of an archive, by the program of its format.
 * @throws TruncatedArchive, Problem (data; unavailable when the program is missing)
 */
export async function* unpack(input: LogInput, format: keyof typeof PROGRAMS): AsyncGenerator<Buffer, void> {
  const { program } = PROGRAMS[format];
  const child = spawn(program, ['-dc'], {
    stdio: [input.descriptor ?? 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  const over = endOf(child);
  over.catch(() => {});
  try {
    if (child.stdin !== null) feed(input, child.stdin);
    if (child.stdout !== null) yield* child.stdout;
    const { code, complaint } = await over;
    if (code === 0 || (format === 'gz' && code === WARNED)) return;
    throw TOO_SHORT.test(complaint)
      ? new TruncatedArchive(input.path, complaint)
      : corruptArchive(input.path, complaint);
  } catch (error) {
    throw isNotInstalled(error) ? missing(input.path, format, error) : error;
  } finally {
    child.kill();
    await over.catch(() => {});
  }
}

/** The program closes its end early when it is stopped or the data is bad: its exit code tells which. */
function feed(input: LogInput, stdin: Writable): void {
  const source = Readable.from(copies(input));
  source.on('error', () => stdin.destroy());
  stdin.on('error', () => source.destroy());
  source.pipe(stdin);
}

async function* copies(input: LogInput): AsyncGenerator<Buffer, void> {
  for await (const piece of input.pieces(0)) yield Buffer.from(piece);
}

function missing(path: string, format: keyof typeof PROGRAMS, cause: unknown): Problem {
  const { program, package: name } = PROGRAMS[format];
  return new Problem(
    EXIT.unavailable,
    `to read this, the program ${program} is needed, and it is not installed`,
    {
      where: path,
      help: `install it (Debian, Ubuntu: apt install ${name})`,
      cause,
    },
  );
}
