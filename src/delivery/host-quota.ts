import { z } from 'zod';
import type { Day } from '../day.ts';
import type { Ledger } from '../ledger/ledger.ts';

const NOTE = 'delivery.per-host';
const SAVE_EVERY = 500;

const noteSchema = z.object({ day: z.string(), counts: z.record(z.string(), z.int()) });

/**
 * Counts the reports each receiving host got on a day, so that records of strangers cannot turn us against one host.
 * Written down now and then: a crash may forget some, for this is a brake and no account.
 */
export class HostQuota {
  readonly #ledger: Ledger;
  readonly #day: Day;
  readonly #limit: number;
  readonly #counts: Map<string, number>;
  #unsaved = 0;

  private constructor(ledger: Ledger, day: Day, limit: number, counts: Map<string, number>) {
    this.#ledger = ledger;
    this.#day = day;
    this.#limit = limit;
    this.#counts = counts;
  }

  /** @param limit reports a host and day */
  static async load(ledger: Ledger, day: Day, limit: number): Promise<HostQuota> {
    const found = noteSchema.safeParse(await ledger.note(NOTE));
    const counts = found.success && found.data.day === day ? Object.entries(found.data.counts) : [];
    return new HostQuota(ledger, day, limit, new Map(counts));
  }

  /** Counts one more report; false if the host has had its share. */
  take(host: string): boolean {
    const count = this.#counts.get(host) ?? 0;
    if (count >= this.#limit) return false;
    this.#counts.set(host, count + 1);
    this.#unsaved++;
    return true;
  }

  /** The report did not go there after all. */
  giveBack(host: string): void {
    this.#counts.set(host, Math.max(0, (this.#counts.get(host) ?? 0) - 1));
    this.#unsaved++;
  }

  async saveNowAndThen(): Promise<void> {
    if (this.#unsaved >= SAVE_EVERY) await this.save();
  }

  async save(): Promise<void> {
    if (this.#unsaved === 0) return;
    this.#unsaved = 0;
    await this.#ledger.setNote(NOTE, { day: this.#day, counts: Object.fromEntries(this.#counts) });
  }
}
