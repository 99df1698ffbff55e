import { expect, test } from 'vitest';
import { TallyCounter } from '../../src/reading/batch.ts';
import type { Session } from '../../src/session.ts';

const HOUR = Date.UTC(2026, 10, 22, 10);

function session(over: Partial<Session> = {}): Session {
  return { time: HOUR, recipientDomain: 'a.example', outcome: 'success', basis: 'tls-line', ...over };
}

function counted(counter: TallyCounter): string[] {
  return [...counter.take().values()]
    .map(
      ({ key, count }) => `${(key.hour - HOUR) / 3_600_000} ${key.recipientDomain} ${key.outcome} ${count}`,
    )
    .sort();
}

test('sessions told with one object count by the time of each', () => {
  const counter = new TallyCounter('mail', 'postfix');
  const alike = session();
  for (const minutes of [0, 59, 60, 61, 1, 120]) counter.add(alike, HOUR + minutes * 60_000, 7);
  counter.add(session({ time: HOUR + 1 }));
  expect([counter.sessions, counter.size]).toEqual([7, 3]);
  expect(counted(counter)).toEqual([
    '0 a.example success 4',
    '1 a.example success 2',
    '2 a.example success 1',
  ]);
});

test('two objects with one number are told apart, and nothing is remembered beyond a batch', () => {
  const counter = new TallyCounter('mail', 'postfix');
  const [a, b] = [session(), session({ recipientDomain: 'b.example' })];
  for (const one of [a, b, a, a, b]) counter.add(one, HOUR, 3);
  expect(counted(counter)).toEqual(['0 a.example success 3', '0 b.example success 2']);
  counter.add(a, HOUR, 3);
  expect(counted(counter)).toEqual(['0 a.example success 1']);
});

test('what the log does not tell is added before sessions are told apart', () => {
  const complete = (told: Session): Session => ({ ...told, sendingMtaIp: '192.0.2.1' });
  const counter = new TallyCounter('mail', 'postfix', complete);
  const failure = session({
    outcome: 'failure',
    resultType: 'starttls-not-supported',
    receivingIp: '192.0.2.2',
  });
  counter.add(failure, HOUR, 1);
  counter.add(failure, HOUR + 1, 1);
  counter.add({ ...failure, time: HOUR });
  const [tally, ...others] = [...counter.take().values()];
  expect(others).toEqual([]);
  expect(tally).toEqual({
    key: {
      hour: HOUR,
      host: 'mail',
      parser: 'postfix',
      recipientDomain: 'a.example',
      outcome: 'failure',
      resultType: 'starttls-not-supported',
      basis: 'tls-line',
      receivingIp: '192.0.2.2',
      sendingMtaIp: '192.0.2.1',
    },
    count: 3,
  });
});
