import type { Span } from '../span.ts';

/** A stamp so much earlier than those before it begins anew: logs joined in a wrong order, or a clock that was wrong. */
const STEP_BACK_MS = 3_600_000;

/**
 * The time that the lines of a file cover. Of logs that were joined in a wrong order, as `cat mail.log.*` joins them, it
 * is that of all of them; a clock that was wrong for less than an hour, as after a start, adds nothing.
 */
export class CoveredTime {
  /** What was covered before time went back. */
  #before: Span | undefined;
  #from = Number.NaN;
  #until = Number.NaN;
  #wentBack = false;

  /** Whether time went back by an hour or more since the last {@link reset}. */
  get wentBack(): boolean {
    return this.#wentBack;
  }

  /** All that was added since the last {@link reset}; undefined if nothing was. */
  get span(): Span | undefined {
    return Number.isNaN(this.#from) ? undefined : hull(this.#before, this.#from, this.#until);
  }

  reset(): void {
    this.#before = undefined;
    this.#from = Number.NaN;
    this.#until = Number.NaN;
    this.#wentBack = false;
  }

  /** @param time of the next line, UTC ms */
  add(time: number): void {
    if (time < this.#until - STEP_BACK_MS) this.#goBack(time);
    else if (this.#before !== undefined && time >= this.#before.until) this.#return(this.#before, time);
    else if (Number.isNaN(this.#from)) this.#begin(time, time);
    else if (time > this.#until) this.#until = time;
    else if (time < this.#from) this.#from = time;
  }

  /** Whether lines of a span in which time never went back by that much come behind these as the lines before did. */
  goesOnWith({ from }: Span): boolean {
    return !this.#wentBack && !(from < this.#until - STEP_BACK_MS);
  }

  #goBack(time: number): void {
    this.#wentBack = true;
    this.#before = hull(this.#before, this.#from, this.#until);
    this.#begin(time, time);
  }

  /** Time goes on where it was before it went back. */
  #return(before: Span, time: number): void {
    const isWrongClock = this.#until - this.#from < STEP_BACK_MS;
    this.#begin(isWrongClock ? before.from : Math.min(before.from, this.#from), time);
    this.#before = undefined;
  }

  #begin(from: number, until: number): void {
    this.#from = from;
    this.#until = until;
  }
}

function hull(span: Span | undefined, from: number, until: number): Span {
  if (span === undefined) return { from, until };
  return { from: Math.min(span.from, from), until: Math.max(span.until, until) };
}
