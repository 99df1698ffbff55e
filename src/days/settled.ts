import type { Day } from '../day.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { JsonObject } from '../parser.ts';

const NOTE = 'settled-days';

/**
 * Days whose domains were all dealt with, and how many sessions each had then: until more come there is nothing to do,
 * and no need to look at a fleet's millions of tallies to find that out.
 */
export class SettledDays {
  readonly #ledger: Ledger;
  readonly #before: Readonly<Record<Day, unknown>>;
  readonly #now: Map<Day, number>;
  readonly #settled: Record<Day, number> = {};

  private constructor(ledger: Ledger, before: JsonObject, now: Map<Day, number>) {
    this.#ledger = ledger;
    this.#before = before;
    this.#now = now;
  }

  /** Counts before anybody looks at the tallies, so that sessions that come meanwhile are seen the next time. */
  static async load(ledger: Ledger): Promise<SettledDays> {
    const before = ((await ledger.note(NOTE)) ?? {}) as JsonObject;
    const now = new Map<Day, number>();
    for (const { day, sessions } of await ledger.hostSums('')) now.set(day, (now.get(day) ?? 0) + sessions);
    return new SettledDays(ledger, before, now);
  }

  /** Whether the day was settled and nothing has come since. */
  has(day: Day): boolean {
    const sessions = this.#now.get(day);
    if (sessions === undefined || this.#before[day] !== sessions) return false;
    this.#settled[day] = sessions;
    return true;
  }

  add(day: Day): void {
    const sessions = this.#now.get(day);
    if (sessions !== undefined) this.#settled[day] = sessions;
  }

  async save(): Promise<void> {
    if (JSON.stringify(this.#settled) === JSON.stringify(this.#before)) return;
    await this.#ledger.setNote(NOTE, this.#settled);
  }
}
