import type { Ledger } from '../ledger/ledger.ts';
import type { JsonValue } from '../parser.ts';
import type { SourceFile } from './source.ts';

/** Files remembered a log. */
const MAX_KEPT = 500;

/** What a file held when it was last read to its end. */
export interface SeenFile {
  /** Its inode, size and times then: a file that changed is looked into again. */
  readonly print: string;
  /** The segment in it; absent where it had not even a line. */
  readonly segment?: number;
  /** It was taken for finished, so that its last line was read even without a newline. */
  readonly finished: boolean;
}

/**
 * Rotated files that were read to their end, by name, inode, size and times: telling an archive by its content means to
 * unpack it, which is too dear for every run.
 */
export class SeenFiles {
  readonly #ledger: Ledger;
  readonly #note: string;
  #files = new Map<string, SeenFile>();
  /** Files being written: they change so often that they are remembered as long as this object lives. */
  readonly #growing = new Map<string, SeenFile>();
  #changed = false;

  constructor(ledger: Ledger, logId: number) {
    this.#ledger = ledger;
    this.#note = `seen:${logId}`;
  }

  async load(): Promise<void> {
    const noted = ((await this.#ledger.note(this.#note)) ?? {}) as Record<string, JsonValue>;
    this.#files = new Map(
      Object.entries(noted).flatMap(([path, value]) => {
        const file = fromJson(value);
        return file === undefined ? [] : [[path, file] as const];
      }),
    );
    this.#changed = false;
  }

  /** What the file holds, if it was read as it is now, and would not give more if read again. */
  find({ path, found, finished }: SourceFile): SeenFile | undefined {
    const seen = this.#growing.get(path) ?? this.#files.get(path);
    const same = found !== undefined && seen?.print === found.print;
    return same && (seen.finished || !finished) ? seen : undefined;
  }

  add(path: string, seen: SeenFile): void {
    if (!seen.finished) {
      this.#growing.set(path, seen);
      return;
    }
    this.#growing.delete(path);
    // Deleted first, so that the order of the map is that of the last look.
    this.#files.delete(path);
    this.#files.set(path, seen);
    this.#changed = true;
  }

  async save(): Promise<void> {
    if (!this.#changed) return;
    const kept = [...this.#files].slice(-MAX_KEPT).map(([path, seen]) => [path, toJson(seen)] as const);
    await this.#ledger.setNote(this.#note, Object.fromEntries(kept));
    this.#changed = false;
  }
}

function toJson({ print, segment, finished }: SeenFile): JsonValue {
  return [print, segment ?? null, finished];
}

function fromJson(value: JsonValue): SeenFile | undefined {
  if (!Array.isArray(value)) return undefined;
  const [print, segment, finished] = value;
  if (typeof print !== 'string' || typeof finished !== 'boolean') return undefined;
  return { print, finished, ...(typeof segment === 'number' && { segment }) };
}
