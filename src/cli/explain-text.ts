import type { ReportEntry } from '../explain/entries.ts';
import { type Session, type SessionRecord, toSessionRecord } from '../session.ts';
import { isoTime } from '../time-text.ts';
import type { Explained } from './explain.ts';
import type { Printer } from './io.ts';
import { printable } from './table.ts';

/** A session, and where the ledger has it. */
export interface Told {
  readonly session: Session;
  readonly entries: readonly ReportEntry[];
}

/** One line of `explain --json`: a public contract. */
interface ExplainRecord {
  /** `silence`: the session was told because its connection fell silent, or the log ended. */
  readonly kind: 'line' | 'silence';
  readonly file?: string;
  readonly line?: number;
  readonly time?: string;
  readonly rule?: string;
  readonly meaning?: string;
  readonly text?: string;
  readonly sessions: readonly (SessionRecord & { readonly report?: readonly ReportEntry[] })[];
}

/** One line of `explain --json`: a contract for machines. */
export function explainJson(explained: Explained, told: readonly Told[], parser: string): ExplainRecord {
  const sessions = told.map(({ session, entries }) => ({
    ...toSessionRecord(session, parser),
    ...(entries.length > 0 && { report: entries }),
  }));
  if ('key' in explained) return { kind: 'silence', sessions };
  const { file, line, time, rule, meaning, text } = explained;
  return { kind: 'line', file, line, time: isoTime(time), rule, meaning, text, sessions };
}

/** For people: the rule, the line, what it says, what came of it. */
export function explainText(explained: Explained, told: readonly Told[], printer: Printer): string[] {
  const results = told.flatMap(sessionLines);
  if ('key' in explained) return [printer.bold('told by silence, or by the end of the log'), ...results, ''];
  const { file, line, rule, meaning, text } = explained;
  const head = `${printer.bold(rule)}  ${printable(file)}:${line}`;
  return [head, `  ${printable(text)}`, `  ${meaning}`, ...results, ''];
}

function sessionLines({ session, entries }: Told): string[] {
  return [`  → ${sessionText(session)}`, ...entries.map((entry) => `    ${entryText(entry)}`)];
}

function sessionText(session: Session): string {
  const { recipientDomain, outcome, resultType, failureReasonCode, basis } = session;
  const result = outcome === 'success' ? 'success' : `${resultType}${inBrackets(failureReasonCode)}`;
  const { receivingMxHostname, receivingIp, tlsVersion, peerTrust } = session;
  const where = [receivingMxHostname, receivingIp && `[${receivingIp}]`, tlsVersion, peerTrust];
  const extra = [session.resumed === true && 'resumed', session.own === true && 'an own report'];
  const words = [...where, ...extra].filter((word) => typeof word === 'string' && word !== '');
  return `session of ${isoTime(session.time)} for ${recipientDomain}: ${result}, by ${basis}${words.length > 0 ? `; ${words.join(', ')}` : ''}`;
}

const STATES: Record<ReportEntry['state'], string> = {
  reported: 'in report',
  late: 'came too late for report',
  waiting: 'in no report yet',
  'left-out': 'left out of reports',
};

function entryText(entry: ReportEntry): string {
  const report = entry.reportId === undefined ? '' : ` ${entry.reportId}`;
  const result =
    entry.outcome === 'success' ? 'success' : `${entry.resultType}${inBrackets(entry.failureReasonCode)}`;
  return `${STATES[entry.state]}${report}: ${entry.policyType} ${entry.policyDomain}, ${result}`;
}

function inBrackets(text: string | undefined): string {
  return text === undefined ? '' : ` (${text})`;
}
