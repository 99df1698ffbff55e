import type { Report } from '../report/schema.ts';
import { counted } from './quantities.ts';
import { printable, table, wrapped } from './table.ts';

const HEAD = ['failed', 'result type', 'MX host', 'address', 'reason'];
/** The host and the reason are the longest, and are cut first. */
const CUT = [2, 4, 1, 3];
const INDENT = '    ';

/** A report as a person reads it. @param width characters a line; no bound when undefined */
export function reportLines(
  report: Report,
  domain: string,
  state: string,
  width: number | undefined,
): string[] {
  const day = report['date-range']['start-datetime'].slice(0, 10);
  const lines = [
    ...wrapped(`${day}  ${printable(domain)}  (${state})`, width, INDENT, ''),
    `  report-id ${printable(report['report-id'])}`,
  ];
  const fit = { width: width === undefined ? undefined : width - INDENT.length, cut: CUT };
  for (const entry of report.policies) {
    const { policy, summary } = entry;
    const counts = `${counted(summary['total-successful-session-count'], 'session')} succeeded, ${summary['total-failure-session-count']} failed`;
    const words = `${policy['policy-type']} ${printable(policy['policy-domain'])}: ${counts}`;
    lines.push(...wrapped(words, width, INDENT, '  '));
    // A policy string stands in one line, however long: it is the receiver's own.
    for (const text of policy['policy-string'] ?? []) lines.push(`      ${printable(text)}`);
    const rows = (entry['failure-details'] ?? []).map((detail) => [
      detail['failed-session-count'],
      detail['result-type'],
      detail['receiving-mx-hostname'] ?? '',
      detail['receiving-ip'] ?? '',
      detail['failure-reason-code'] ?? '',
    ]);
    if (rows.length > 0) lines.push(...table(HEAD, rows, fit).map((row) => `${INDENT}${row}`));
  }
  return [...lines, ''];
}
