/** What happened in an open-sessions table for a while, as far as it bears on one that held other keys, or not all of them. */
export interface Course {
  /** Keys at most. */
  readonly most: number;
  /** A host's clock was set back. */
  readonly wasSetBack: boolean;
  /** A host had no key left: its clock begins anew with its next line. */
  readonly wasEmptied: boolean;
  /** Keys that a host had at least when a line of it came late, which would have begun the clock of one without any. */
  readonly fewestLate: number;
}

/** The same while it happens. */
export class CourseNotes implements Course {
  most = 0;
  wasSetBack = false;
  wasEmptied = false;
  fewestLate = Number.POSITIVE_INFINITY;

  /** @param keys that are in the table now */
  beginAnew(keys: number): void {
    this.most = keys;
    this.wasSetBack = false;
    this.wasEmptied = false;
    this.fewestLate = Number.POSITIVE_INFINITY;
  }
}
