import { expect, it } from 'vitest';
import {
  type Alert,
  type AlertState,
  alertedDomains,
  daysToLookAt,
  judgeAlerts,
} from '../../src/alerts/judge.ts';
import { configSchema } from '../../src/config.ts';
import type { DomainOutcome } from '../../src/ledger/outcomes.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TODAY = Date.parse('2026-11-24T00:00:00Z');
const rules = configSchema.parse({
  organization: 'A',
  contact: 'a@b.example',
  state: 's',
  alerts: { failures: 3, percent: 10, window: '1h', quiet: '24h' },
}).alerts;

/** A domain's days, and looks at them as time goes on. */
class Watch {
  state: AlertState | undefined;
  readonly days: DomainOutcome[] = [];

  count(time: number, successes: number, failures: number): void {
    const day = new Date(time).toISOString().slice(0, 10);
    const hour = Math.floor(time / HOUR) * HOUR;
    const known = this.days.find((each) => each.day === day);
    const before = known ?? {
      day,
      domain: 'example.org',
      successes: 0,
      failures: 0,
      lastSuccess: 0,
      lastFailure: 0,
    };
    const after = {
      ...before,
      successes: before.successes + successes,
      failures: before.failures + failures,
      lastSuccess: successes > 0 ? hour : before.lastSuccess,
      lastFailure: failures > 0 ? hour : before.lastFailure,
    };
    if (known === undefined) this.days.push(after);
    else this.days[this.days.indexOf(known)] = after;
  }

  look(now: number): readonly Pick<Alert, 'event' | 'failures' | 'successes'>[] {
    // The ledger tells of domains with failures lately, and of those an alert stands of.
    const { since, failing: from } = daysToLookAt(now);
    const lately = this.days.some(({ day, failures }) => day >= from && failures > 0);
    const failing =
      lately || alertedDomains(this.state).includes('example.org')
        ? this.days.filter(({ day }) => day >= since)
        : [];
    const { state, alerts } = judgeAlerts(this.state, failing, now, rules);
    // As the ledger keeps it.
    this.state = JSON.parse(JSON.stringify(state)) as AlertState;
    return alerts.map(({ event, failures, successes }) => ({ event, failures, successes }));
  }
}

it('says nothing of a backlog', () => {
  const watch = new Watch();
  watch.count(TODAY - 5 * HOUR, 10, 50);
  expect(watch.look(TODAY)).toEqual([]);
  expect(watch.look(TODAY + MINUTE)).toEqual([]);
});

it('tells of a domain that worked and begins to fail, once', () => {
  const watch = new Watch();
  watch.count(TODAY, 20, 0);
  expect(watch.look(TODAY)).toEqual([]);
  watch.count(TODAY + HOUR, 0, 2);
  expect(watch.look(TODAY + HOUR)).toEqual([]);
  watch.count(TODAY + HOUR + 15 * MINUTE, 0, 2);
  expect(watch.look(TODAY + HOUR + 15 * MINUTE)).toEqual([{ event: 'failing', failures: 4, successes: 0 }]);
  watch.count(TODAY + HOUR + 30 * MINUTE, 0, 9);
  expect(watch.look(TODAY + HOUR + 30 * MINUTE)).toEqual([]);
});

it('counts what comes within the window only', () => {
  const watch = new Watch();
  watch.count(TODAY, 20, 1);
  watch.look(TODAY);
  for (let i = 1; i <= 5; i++) {
    watch.count(TODAY + i * 2 * HOUR, 0, 2);
    expect(watch.look(TODAY + i * 2 * HOUR)).toEqual([]);
  }
});

it('says nothing of a domain that never worked', () => {
  const watch = new Watch();
  watch.look(TODAY);
  watch.count(TODAY + MINUTE, 0, 50);
  expect(watch.look(TODAY + MINUTE)).toEqual([]);
});

it('says so again when the quiet time is over', () => {
  const watch = new Watch();
  watch.count(TODAY, 20, 0);
  watch.look(TODAY);
  const heard: number[] = [];
  for (let hour = 1; hour <= 50; hour++) {
    const now = TODAY + hour * HOUR;
    watch.count(now, 0, 5);
    if (watch.look(now).length > 0) heard.push(hour);
  }
  expect(heard).toEqual([1, 25, 49]);
});

it('tells of the recovery of what it told, and then of the next failure at once', () => {
  const watch = new Watch();
  watch.count(TODAY, 20, 0);
  watch.look(TODAY);
  watch.count(TODAY + HOUR, 0, 5);
  expect(watch.look(TODAY + HOUR)).toMatchObject([{ event: 'failing' }]);
  watch.count(TODAY + 3 * HOUR, 6, 0);
  expect(watch.look(TODAY + 3 * HOUR)).toEqual([{ event: 'recovered', failures: 0, successes: 6 }]);
  expect(watch.look(TODAY + 3 * HOUR + MINUTE)).toEqual([]);
  watch.count(TODAY + 5 * HOUR, 0, 3);
  expect(watch.look(TODAY + 5 * HOUR)).toMatchObject([{ event: 'failing' }]);
});

it('takes no old day that a backfill brings for news', () => {
  const watch = new Watch();
  watch.count(TODAY, 20, 1);
  watch.look(TODAY);
  watch.count(TODAY - 4 * 24 * HOUR, 10, 500);
  expect(watch.look(TODAY + MINUTE)).toEqual([]);
});

it('goes on over midnight', () => {
  const watch = new Watch();
  const evening = TODAY - 30 * MINUTE;
  watch.count(evening, 20, 0);
  watch.look(evening);
  watch.count(evening + 10 * MINUTE, 0, 2);
  expect(watch.look(evening + 10 * MINUTE)).toEqual([]);
  watch.count(TODAY + 5 * MINUTE, 0, 1);
  expect(watch.look(TODAY + 5 * MINUTE)).toMatchObject([{ event: 'failing', failures: 3 }]);
});

it('tells of a recovery days later: a domain that is written to seldom', () => {
  const watch = new Watch();
  watch.count(TODAY, 20, 0);
  watch.look(TODAY);
  watch.count(TODAY + HOUR, 0, 5);
  expect(watch.look(TODAY + HOUR)).toMatchObject([{ event: 'failing' }]);
  for (let day = 1; day <= 3; day++) expect(watch.look(TODAY + day * 24 * HOUR)).toEqual([]);
  watch.count(TODAY + 80 * HOUR, 2, 0);
  expect(watch.look(TODAY + 80 * HOUR)).toEqual([{ event: 'recovered', failures: 0, successes: 2 }]);
});

it('takes the few failures that a large domain has every day for no failing', () => {
  const watch = new Watch();
  watch.count(TODAY, 900, 0);
  watch.look(TODAY);
  for (let quarter = 1; quarter <= 8; quarter++) {
    watch.count(TODAY + quarter * 15 * MINUTE, 200, 4);
    expect(watch.look(TODAY + quarter * 15 * MINUTE)).toEqual([]);
  }
  watch.count(TODAY + 3 * HOUR, 20, 180);
  expect(watch.look(TODAY + 3 * HOUR + MINUTE)).toEqual([{ event: 'failing', failures: 180, successes: 20 }]);
});

it('tells of a domain that works no more at its second look, however much went well before', () => {
  const watch = new Watch();
  watch.count(TODAY, 900, 0);
  watch.look(TODAY);
  watch.count(TODAY + 15 * MINUTE, 0, 4);
  expect(watch.look(TODAY + 15 * MINUTE)).toEqual([]);
  watch.count(TODAY + 30 * MINUTE, 0, 4);
  expect(watch.look(TODAY + 30 * MINUTE)).toEqual([{ event: 'failing', failures: 8, successes: 0 }]);
});

it.each(['constructor', '__proto__', 'tostring', '1'])('a domain may be called %s', (domain) => {
  const day = '2026-11-24';
  const outcome = (successes: number, failures: number): DomainOutcome[] => [
    { day, domain, successes, failures, lastSuccess: TODAY, lastFailure: failures > 0 ? TODAY + HOUR : 0 },
  ];
  const first = judgeAlerts(undefined, outcome(20, 1), TODAY, rules);
  const second = judgeAlerts(first.state, outcome(20, 9), TODAY + HOUR, rules);
  expect(second.alerts).toMatchObject([{ event: 'failing', domain, failures: 8 }]);
});
