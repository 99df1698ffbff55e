import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parser } from '../../../parsers/exim/index.ts';
import { dayOf } from '../../../src/day.ts';
import { readSessions } from '../../../src/logs/read-sessions.ts';
import { zoneOf } from '../../../src/logs/zone.ts';
import type { Session } from '../../../src/session.ts';

/** One case: raw log lines and the records they mean, as the cases' README describes them. */
interface Case {
  readonly name: string;
  readonly options: {
    tz?: string;
    now?: string;
    year?: number;
    inferPlaintext?: boolean;
    midStream?: boolean;
    relayhosts?: string[];
  };
  readonly lines: readonly string[];
  readonly expected: readonly Record<string, unknown>[];
}

const CASES = readFileSync(new URL('../../cases/exim.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line): Case => JSON.parse(line));

/** The fields every record of a case has. A reason's wording may differ, so only its presence is compared. */
function recordOf(session: Session) {
  return {
    day: dayOf(session.time),
    recipientDomain: session.recipientDomain,
    outcome: session.outcome,
    resultType: session.resultType ?? null,
    hasReason: session.failureReasonCode !== undefined,
    receivingMxHostname: session.receivingMxHostname ?? null,
    receivingIp: session.receivingIp ?? null,
    sendingMtaIp: session.sendingMtaIp ?? null,
    policyTypeHint: session.policyTypeHint ?? null,
  };
}

function sorted(records: readonly object[]): string[] {
  return records.map((record) => JSON.stringify(record)).sort();
}

function expectedOf({ expected }: Case): object[] {
  return expected.flatMap(({ count, failureReasonCode, ...record }) => {
    const { day, recipientDomain, outcome, resultType, ...rest } = record;
    const hasReason = typeof failureReasonCode === 'string';
    const one = { day, recipientDomain, outcome, resultType, hasReason, ...rest };
    return Array.from({ length: Number(count) }, () => one);
  });
}

function read({ options, lines }: Case): Session[] {
  const { tz = 'UTC', now, year = 2026, ...rest } = options;
  const clock = now === undefined ? Date.UTC(year, 11, 31) : Date.parse(now);
  return readSessions(lines, parser, rest, { zone: zoneOf(tz), now: clock });
}

it.each(CASES)('$name', (one) => {
  expect(sorted(read(one).map(recordOf))).toEqual(sorted(expectedOf(one)));
});

it('every session says what kind of line proves it', () => {
  for (const session of CASES.flatMap(read)) {
    const guessed = session.failureReasonCode?.startsWith('inferred: ') === true;
    expect(session.basis).toBe(guessed ? 'inferred' : 'tls-line');
  }
  console.log(`${CASES.length} Exim cases, all fields`);
});
