import type { Report } from '../report/schema.ts';
import { counted } from './quantities.ts';
import { printable, table } from './table.ts';

/** A report as a person reads it. */
export function reportLines(report: Report, domain: string, state: string): string[] {
  const day = report['date-range']['start-datetime'].slice(0, 10);
  const lines = [`${day}  ${printable(domain)}  (${state})`, `  report-id ${printable(report['report-id'])}`];
  for (const entry of report.policies) {
    const { policy, summary } = entry;
    lines.push(
      `  ${policy['policy-type']} ${printable(policy['policy-domain'])}: ${counted(summary['total-successful-session-count'], 'session')} succeeded, ${summary['total-failure-session-count']} failed`,
    );
    for (const text of policy['policy-string'] ?? []) lines.push(`      ${printable(text)}`);
    const rows = (entry['failure-details'] ?? []).map((detail) => [
      detail['failed-session-count'],
      detail['result-type'],
      detail['receiving-mx-hostname'] ?? '',
      detail['receiving-ip'] ?? '',
      detail['failure-reason-code'] ?? '',
    ]);
    if (rows.length > 0)
      lines.push(
        ...table(['failed', 'result type', 'MX host', 'address', 'reason'], rows).map((row) => `    ${row}`),
      );
  }
  return [...lines, ''];
}
