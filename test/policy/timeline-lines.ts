import { emptySnapshot, type Snapshot } from '../../src/policy/snapshot.ts';
import { timelineLine } from '../../src/policy/timeline.ts';

const HOUR = 3_600_000;
export const MIDNIGHT = Date.UTC(2026, 10, 2);

/** The start of an hour of the day. */
export const at = (hour: number) => MIDNIGHT + hour * HOUR;

/** Policies of `a.example` that differ by their MX host. */
export const withHost = (name: string): Snapshot => ({
  ...emptySnapshot('a.example'),
  mx: { state: 'found', secure: false, hosts: [{ name, dane: { state: 'none' } }] },
});

/** Two domains; `a.example` changed at 14:05. Not in order. */
export const FILE = [
  timelineLine(at(14) + 5 * 60_000, withHost('new.a.example')),
  '',
  timelineLine(at(3) + 30 * 60_000, withHost('old.a.example')),
  timelineLine(at(3), { ...withHost('x.b.example'), domain: 'b.example' }),
].join('\n');
