import fc from 'fast-check';
import type { LogParser } from '../../../src/parser.ts';

const BEGIN = Date.UTC(2026, 10, 12, 5);
const IDLE_S = 60;

/** A line of a log that says what to do with the open-sessions table, so many seconds after the line before. */
export interface Step {
  readonly after: number;
  readonly host: string;
  readonly does: 'get' | 'set' | 'renew' | 'delete' | 'keep';
  readonly key: string;
}

/** Keys are few, lines come late, and time passes in which keys fall idle. */
export const modelArbitrary: fc.Arbitrary<Step> = fc.record({
  after: fc.oneof(
    { weight: 6, arbitrary: fc.nat(20) },
    { weight: 2, arbitrary: fc.integer({ min: -50, max: -1 }) },
    fc.constantFrom(61, 200, 5000, -3500, -4000),
  ),
  host: fc.constantFrom('a', 'a', 'a', 'b'),
  does: fc.constantFrom('get', 'set', 'set', 'renew', 'delete', 'delete', 'keep'),
  key: fc.constantFrom('', 'one', 'two', 'three', 'four'),
});

/** The log of these steps. */
export function modelLines(steps: readonly Step[]): string[] {
  let time = BEGIN;
  return steps.map(({ after, host, does, key }) => {
    time += after * 1000;
    return `${new Date(time).toISOString()} ${host} model[1]: ${does} <${key}>`;
  });
}

/** Reads it: a session tells what was found under a key. */
export function modelParser(): LogParser {
  const session = (time: number, found: string) =>
    ({ time, recipientDomain: found, outcome: 'success', basis: 'tls-line' }) as const;
  return {
    envelope: 'syslog',
    needles: ['<'],
    idleSeconds: IDLE_S,
    entry({ time, message }, open, emit) {
      const [, does, key = ''] = /^(\w+) <(\w*)>$/.exec(message) ?? [];
      const found = open.get(key)?.['set'];
      if (does === 'get') emit(session(time, `${key}-${found === undefined ? 'none' : 'found'}.example`));
      else if (does === 'set') open.set(key, { set: time });
      else if (does === 'renew') open.renew(key, { set: time });
      else if (does === 'keep') open.set(key, { set: time }, 10 * IDLE_S);
      else open.delete(key);
    },
    idle(key, { set }, emit) {
      emit(session(Number(set), `${key}-idle.example`));
    },
  };
}
