import type { JsonObject, OpenSessions } from '../parser.ts';
import { ConsultedKeys } from './consulted-keys.ts';
import type { OpenTable } from './open-table.ts';

/** The open-sessions table as a parser sees it, with a note of every key that it asks for or changes. */
export class WatchedTable implements OpenSessions {
  readonly #table: OpenTable;
  #consulted = new ConsultedKeys();
  #host = '';

  constructor(table: OpenTable) {
    this.#table = table;
  }

  /** What was noted since the last {@link beginAnew}. */
  get consulted(): ConsultedKeys {
    return this.#consulted;
  }

  beginAnew(): void {
    this.#consulted = new ConsultedKeys();
    this.#consulted.addHost(this.#host);
  }

  /** The lines that follow are of this host. */
  beginHost(host: string): void {
    this.#host = host;
    this.#consulted.addHost(host);
  }

  get(key: string): JsonObject | undefined {
    this.#consulted.add(key);
    return this.#table.get(key);
  }

  set(key: string, open: JsonObject, idleSeconds?: number): void {
    this.#consulted.add(key);
    this.#table.set(key, open, idleSeconds);
  }

  renew(key: string, open: JsonObject): void {
    this.#consulted.add(key);
    this.#table.renew(key, open);
  }

  delete(key: string): void {
    this.#consulted.add(key);
    this.#table.delete(key);
  }
}
