/** Steps that may take long. */
export type Step = 'reading' | 'policies' | 'reports' | 'deliveries' | 'look-ups' | 'sums';

/** Who watches the work: `--verbose` and displays of progress. Where there is none, nobody does. */
export interface Witness {
  /** Told what is read, asked and decided, a line each. */
  readonly tell?: (text: string) => void;
  /** Told what the admin should mend, though the work goes on; it may be told again with every pass. */
  readonly note?: (text: string) => void;
  /** Told how far a step has come, in domains, reports, bytes; `total` where it is known. */
  readonly step?: (step: Step, done: number, total?: number) => void;
}
