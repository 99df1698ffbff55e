/** A process that reads logs, as others are told of it. */
export interface Reader {
  readonly pid: number;
  /** `run`, `follow`, `backfill`. */
  readonly command: string;
  /** The machine it runs on. */
  readonly host: string;
}

/** The right to read, or who has it. */
export type Hold = { readonly release: () => Promise<void> } | { readonly holder: Reader };

/** One text for one process. */
export function readerText({ pid, command, host }: Reader): string {
  return JSON.stringify({ pid, command, host });
}

/** Reads {@link readerText}; a process that has not said its name yet is 0. */
export function readerFrom(text: string | undefined): Reader {
  try {
    const { pid, command, host } = JSON.parse(text ?? '{}') as Record<string, unknown>;
    return { pid: Number(pid ?? 0), command: String(command ?? ''), host: String(host ?? '') };
  } catch {
    return { pid: 0, command: '', host: '' };
  }
}
