import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parser } from '../../../parsers/postfix/index.ts';
import { dayOf } from '../../../src/day.ts';
import { readSessions } from '../../../src/logs/read-sessions.ts';
import { zoneOf } from '../../../src/logs/zone.ts';
import type { Session } from '../../../src/parser.ts';

/** One case: raw lines and the session records they mean (`nativeTlsrpt` is information only). */
interface Case {
  readonly name: string;
  readonly why: string;
  readonly options: Record<string, unknown> & { readonly tz: string; readonly now: string };
  readonly lines: readonly string[];
  readonly expected: readonly (Record<string, unknown> & { readonly count: number })[];
}

const cases: Case[] = readFileSync(new URL('../../cases/postfix.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case);

const FIELDS = [
  'recipientDomain',
  'outcome',
  'resultType',
  'failureReasonCode',
  'receivingMxHostname',
  'receivingIp',
  'policyTypeHint',
  'basis',
] as const;

/** A session as the cases write it: null where a field is absent. */
function record(session: Session): string {
  const fields = FIELDS.map((field) => [field, session[field] ?? null]);
  return JSON.stringify({ day: dayOf(session.time), ...Object.fromEntries(fields) });
}

function expectedRecords({ expected }: Case): string[] {
  return expected.flatMap(({ count, ...record }) => {
    const fields = FIELDS.map((field) => [field, record[field] ?? null]);
    return Array<string>(count).fill(JSON.stringify({ day: record['day'], ...Object.fromEntries(fields) }));
  });
}

describe('every Postfix case', () => {
  it.each(cases)('$name', (one) => {
    const { tz, now, ...options } = one.options;
    const sessions = readSessions(one.lines, parser, options, { zone: zoneOf(tz), now: Date.parse(now) });
    expect(sessions.map(record).sort(), one.why).toEqual(expectedRecords(one).sort());
  });

  it('are all there', () => {
    console.info(`${cases.length} Postfix cases`);
    expect(cases.length).toBeGreaterThanOrEqual(96);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });
});
