import { type Session, toSessionRecord } from '../session.ts';

/** Whether two readings tell the same sessions, in whatever order. Keeps only what one of them has not told yet. */
export class SameSessions {
  /** Sessions expected so far. */
  sessions = 0;
  readonly #open = new Map<string, number>();

  expect(session: Session): void {
    this.sessions += 1;
    this.#add(session, 1);
  }

  found(session: Session): void {
    this.#add(session, -1);
  }

  /** Sessions that only one of the two readings told. */
  get differences(): number {
    let sum = 0;
    for (const count of this.#open.values()) sum += Math.abs(count);
    return sum;
  }

  #add(session: Session, count: number): void {
    const name = JSON.stringify(toSessionRecord(session, 'any'));
    const now = (this.#open.get(name) ?? 0) + count;
    if (now === 0) this.#open.delete(name);
    else this.#open.set(name, now);
  }
}
