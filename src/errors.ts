/** The exit codes of every command, after sysexits(3). */
export const EXIT = {
  ok: 0,
  usage: 64,
  data: 65,
  unavailable: 69,
  software: 70,
  cannotWrite: 73,
  tryAgain: 75,
  config: 78,
} as const;

/** The codes of monitoring plug-ins, for `check` and `status --check` alone. */
export const MONITOR = { ok: 0, warning: 1, critical: 2, unknown: 3 } as const;

/** Every code that a command may end with. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT] | (typeof MONITOR)[keyof typeof MONITOR];

/**
 * A fault that is not a bug: what is wrong, where, and what to do. The command line prints the three parts and
 * exits with the code.
 */
export class Problem extends Error {
  readonly exitCode: ExitCode;
  /** `file:line:column`, a path, a URL: where the fault lies. */
  readonly where: string | undefined;
  /** What is allowed, or what to do next. */
  readonly help: string | undefined;

  constructor(
    exitCode: ExitCode,
    message: string,
    detail: { where?: string | undefined; help?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'Problem';
    this.exitCode = exitCode;
    this.where = detail.where;
    this.help = detail.help;
  }
}

/**
 * Where the fault lies, unless the message names it. Words of a message name nothing, though a file may be called `log`
 * or `bin`, which stands in `binary`: only a path or an address is looked for.
 */
export function placeOf({ message, where }: Pick<Problem, 'message' | 'where'>): string | undefined {
  const isNamed = where !== undefined && /[^\w\s-]/.test(where) && message.includes(where);
  return isNamed ? undefined : where;
}

/** Enough of a fault for a line on a screen. */
const LINE_CHARACTERS = 500;

/** A fault in one line: what is wrong, where, what to do. */
export function inOneLine(problem: Problem): string {
  const { message, help } = problem;
  const where = placeOf(problem);
  const place = where === undefined ? '' : ` (${where})`;
  const remedy = help === undefined ? '' : `; ${help}`;
  return `${message}${place}${remedy}`.replace(/\s+/g, ' ').slice(0, LINE_CHARACTERS);
}

/** The system's own words for a failed file operation, as a sentence a person reads. */
export function systemReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const known: Record<string, string> = {
    ENOENT: 'it does not exist',
    EACCES: 'permission denied',
    EPERM: 'not permitted',
    EISDIR: 'it is a directory',
    EEXIST: 'there is a file of that name',
    ENOTDIR: 'a part of the path is not a directory',
    ENOSPC: 'no space left on the device',
    EROFS: 'the file system is read-only',
  };
  if (code !== undefined && known[code] !== undefined) return known[code];
  return error instanceof Error ? error.message : String(error);
}
