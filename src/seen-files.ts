import { stat } from 'node:fs/promises';
import type { Ledger } from './ledger/ledger.ts';
import type { JsonValue } from './parser.ts';

/** Files remembered a log. */
const MAX_KEPT = 500;

/**
 * Rotated files that were read to their end, by name, size and times: telling an archive by its content means to unpack
 * it, which is too dear for every run. A file that changed is looked into again.
 */
export class SeenFiles {
  readonly #ledger: Ledger;
  readonly #note: string;
  #prints = new Map<string, JsonValue>();

  constructor(ledger: Ledger, logId: number) {
    this.#ledger = ledger;
    this.#note = `seen:${logId}`;
  }

  async load(): Promise<void> {
    const noted = (await this.#ledger.note(this.#note)) as Record<string, JsonValue> | undefined;
    this.#prints = new Map(Object.entries(noted ?? {}));
  }

  async has(path: string): Promise<boolean> {
    const print = await fingerprint(path);
    return print !== undefined && this.#prints.get(path) === print;
  }

  async add(path: string): Promise<void> {
    const print = await fingerprint(path);
    if (print === undefined) return;
    // Deleted first, so that the order of the map is that of the last look.
    this.#prints.delete(path);
    this.#prints.set(path, print);
  }

  async save(): Promise<void> {
    await this.#ledger.setNote(this.#note, Object.fromEntries([...this.#prints].slice(-MAX_KEPT)));
  }
}

async function fingerprint(path: string): Promise<string | undefined> {
  const status = await stat(path).catch(() => undefined);
  return status?.isFile() ? `${status.ino} ${status.size} ${status.mtimeMs} ${status.ctimeMs}` : undefined;
}
