import type { Ledger } from '../ledger/ledger.ts';
import type { JsonValue } from '../parser.ts';
import type { SourceFile } from './source.ts';

/** Files remembered a log. */
const MAX_KEPT = 500;

/** What a file held when it was last read to its end. */
export interface SeenFile {
  /** The segment in it; absent where it had not even a line. */
  readonly segment?: number;
  /** It was taken for finished, so that its last line was read even without a newline. */
  readonly finished: boolean;
}

/**
 * Rotated files that were read to their end, by inode, size and time of change, whatever their names are by now:
 * telling an archive by its content means to unpack it, which is too dear for every run. One that changed is looked
 * into again.
 */
export class SeenFiles {
  readonly #ledger: Ledger;
  readonly #note: string;
  #files = new Map<string, SeenFile>();
  /** The live file changes so often that it is remembered as long as this object lives. */
  #live: { readonly print: string; readonly seen: SeenFile } | undefined;

  constructor(ledger: Ledger, logId: number) {
    this.#ledger = ledger;
    this.#note = `seen:${logId}`;
  }

  async load(): Promise<void> {
    const noted = ((await this.#ledger.note(this.#note)) ?? {}) as Record<string, JsonValue>;
    this.#files = new Map(
      Object.entries(noted).flatMap(([print, value]) => {
        const seen = fromJson(value);
        return seen === undefined ? [] : [[print, seen] as const];
      }),
    );
  }

  /** What the file holds, if it was read as it is now, and would not give more if read again. */
  find({ found, finished }: SourceFile): SeenFile | undefined {
    if (found === undefined) return undefined;
    const { print } = found;
    const seen = this.#live?.print === print ? this.#live.seen : this.#files.get(print);
    return seen !== undefined && (seen.finished || !finished) ? seen : undefined;
  }

  /**
   * Remembers what a file held that was read to its end. Written down at once, so that one who is killed amid many
   * files need not read them all again.
   */
  async add({ found, live }: SourceFile, seen: SeenFile): Promise<void> {
    if (found === undefined) return;
    const { print } = found;
    if (live === true) {
      this.#live = { print, seen };
      return;
    }
    // Deleted first, so that the order of the map is that of the last look.
    this.#files.delete(print);
    this.#files.set(print, seen);
    const kept = [...this.#files].slice(-MAX_KEPT).map(([name, file]) => [name, toJson(file)] as const);
    await this.#ledger.setNote(this.#note, Object.fromEntries(kept));
  }
}

function toJson({ segment, finished }: SeenFile): JsonValue {
  return [segment ?? null, finished];
}

function fromJson(value: JsonValue): SeenFile | undefined {
  if (!Array.isArray(value)) return undefined;
  const [segment, finished] = value;
  if (typeof finished !== 'boolean') return undefined;
  return { finished, ...(typeof segment === 'number' && { segment }) };
}
