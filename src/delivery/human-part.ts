import type { Day } from '../day.ts';
import type { FailureDetail, PolicyEntry, Report } from '../report/schema.ts';
import { ADVICE } from './advice.ts';

/** More are in the attached document; a person reads the first ones. */
const MAX_LISTED = 20;
const WIDTH = 74;

/** The first day of the unbroken run of days on which our reports named this result type; undefined: unknown. */
export type FailingSince = (resultType: FailureDetail['result-type']) => Day | undefined;

/**
 * The part of the mail that a person reads (RFC 8460 §5.3): what failed, since when, what to do.
 * @param trueRua set in a rehearsal: where the mail would have gone
 */
export function humanPart(report: Report, domain: string, since: FailingSince, trueRua?: string): string {
  const day = report['date-range']['start-datetime'].slice(0, 10);
  const good = sum(report, 'total-successful-session-count');
  const bad = sum(report, 'total-failure-session-count');
  const lines = [
    ...(trueRua === undefined
      ? []
      : [`This is a rehearsal. In earnest this mail would go to: ${trueRua}`, '']),
    ...wrap(
      `${report['organization-name']} sent mail to ${domain} on ${day} (UTC) and reports how TLS went.`,
    ),
    '',
    `Sessions secured as asked for: ${good}`,
    `Sessions that failed:          ${bad}`,
    '',
    ...failureLines(report, since),
    ...wrap(
      `The attached document holds all of it in the form of RFC 8460. You get it because ` +
        `_smtp._tls.${domain} asks for it; remove that record to stop it. Questions: ${report['contact-info']}`,
    ),
    '',
    `Report-ID: ${report['report-id']}`,
  ];
  return `${lines.join('\n')}\n`;
}

function sum(report: Report, field: keyof PolicyEntry['summary']): number {
  return report.policies.reduce((total, { summary }) => total + summary[field], 0);
}

function failureLines(report: Report, since: FailingSince): string[] {
  const failures = report.policies.flatMap((entry) =>
    (entry['failure-details'] ?? []).map((detail) => ({ entry, detail })),
  );
  if (failures.length === 0) return ['Nothing failed; there is nothing to do.', ''];
  failures.sort((a, b) => b.detail['failed-session-count'] - a.detail['failed-session-count']);
  const listed = failures
    .slice(0, MAX_LISTED)
    .flatMap(({ entry, detail }) => [...describe(detail, entry, since(detail['result-type'])), '']);
  const more = failures.length - MAX_LISTED;
  return ['What failed:', '', ...listed, ...(more > 0 ? [`… and ${more} more in the attachment.`, ''] : [])];
}

function describe(detail: FailureDetail, entry: PolicyEntry, since: Day | undefined): string[] {
  const { meaning, remedy } = ADVICE[detail['result-type']];
  const count = detail['failed-session-count'];
  const host = detail['receiving-mx-hostname'];
  const ip = detail['receiving-ip'];
  const reason = detail['failure-reason-code'];
  return [
    ...bullet(
      '* ',
      `${count} ${count === 1 ? 'session' : 'sessions'}: ${meaning} (${detail['result-type']})`,
    ),
    ...(host === undefined && ip === undefined
      ? []
      : bullet('  Mail host: ', [host, ip].filter((part) => part !== undefined).join(', '))),
    ...bullet('  Policy: ', policyName(entry.policy)),
    ...(reason === undefined ? [] : bullet('  Reason: ', reason)),
    ...(since === undefined
      ? []
      : bullet('  Seen since: ', `${since} (in every report of ours from then on)`)),
    ...bullet('  What to do: ', remedy.replace('<domain>', entry.policy['policy-domain'])),
  ];
}

function policyName(policy: PolicyEntry['policy']): string {
  const domain = policy['policy-domain'];
  if (policy['policy-type'] === 'tlsa') return `DANE, TLSA records of ${domain}`;
  if (policy['policy-type'] === 'sts') return `MTA-STS of ${domain}`;
  return `none found for ${domain}; TLS was used where offered`;
}

function bullet(mark: string, text: string): string[] {
  const [first = '', ...rest] = wrap(text, WIDTH - mark.length);
  return [`${mark}${first}`, ...rest.map((line) => `    ${line}`)];
}

/** Breaks at blanks; a word longer than the width keeps a line for itself. */
function wrap(text: string, width = WIDTH): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
