import { type ExitCode, Problem } from '../../errors.ts';
import { MovedFile } from '../file-key.ts';
import { TruncatedArchive } from '../truncated-archive.ts';

/** An error on its way from one thread to another, where its class would be lost. */
export interface Fault {
  readonly kind: 'truncated' | 'moved' | 'problem' | 'other';
  readonly message: string;
  readonly exitCode?: ExitCode;
  readonly where?: string;
  readonly help?: string;
  readonly stack?: string;
  /** What the program or library that unpacks said. */
  readonly cause?: string;
}

/** @param path of the archive that was read */
export function toFault(error: unknown, path: string): Fault {
  const cause = causeOf(error);
  if (error instanceof TruncatedArchive)
    return { kind: 'truncated', message: error.message, where: path, ...cause };
  if (error instanceof MovedFile) return { kind: 'moved', message: error.message, where: path };
  if (error instanceof Problem) {
    const { message, exitCode, where, help } = error;
    return {
      kind: 'problem',
      message,
      exitCode,
      ...(where !== undefined && { where }),
      ...(help !== undefined && { help }),
      ...cause,
    };
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'other', message, where: path, ...(stack !== undefined && { stack }) };
}

/** The error that a fault was, as the code that catches it knows it. */
export function fromFault({ kind, message, exitCode, where, help, stack, cause }: Fault): Error {
  if (kind === 'truncated') return new TruncatedArchive(where ?? '', cause);
  if (kind === 'moved') return new MovedFile(where ?? '');
  if (kind === 'problem' && exitCode !== undefined)
    return new Problem(exitCode, message, { where, help, cause });
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

function causeOf(error: unknown): { readonly cause?: string } {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause === undefined) return {};
  return { cause: cause instanceof Error ? cause.message : String(cause) };
}
