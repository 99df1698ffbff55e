/** How bad a finding is, from good to bad. */
const SEVERITIES = ['ok', 'warn', 'fail'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One line of the doctor: what was looked at, what was found, what to do. */
export interface Finding {
  /** A stable name for machines: `dkim-record-missing`. */
  readonly id: string;
  readonly severity: Severity;
  /** What was found, in one sentence. */
  readonly text: string;
  /** What to do; absent where all is well. */
  readonly help?: string;
}

/** Nothing is to be done. */
export function ok(id: string, text: string): Finding {
  return { id, severity: 'ok', text };
}

/** It works, yet something is lost, or will be. */
export function warn(id: string, text: string, help: string): Finding {
  return { id, severity: 'warn', text, help };
}

/** Reports will not be made, not be true, or not arrive. */
export function fail(id: string, text: string, help: string): Finding {
  return { id, severity: 'fail', text, help };
}

/** The worst severity among findings; `ok` where there are none. */
export function worstOf(findings: readonly Finding[]): Severity {
  return SEVERITIES.findLast((severity) => findings.some((finding) => finding.severity === severity)) ?? 'ok';
}
