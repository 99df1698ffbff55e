import { expect, test } from 'vitest';
import { nextEmission } from '../../src/follow/schedule.ts';

test.each([
  ['every quarter of an hour', '2026-11-23T12:00:00Z', '2026-11-23T12:15:00Z'],
  ['as soon as a day can be over', '2026-11-24T00:05:00Z', '2026-11-24T00:15:01Z'],
  ['just before it', '2026-11-24T00:15:00Z', '2026-11-24T00:15:01Z'],
  ['and a quarter later again', '2026-11-24T00:15:01Z', '2026-11-24T00:30:01Z'],
  ['before midnight', '2026-11-23T23:59:00Z', '2026-11-24T00:14:00Z'],
  ['at the end of a year', '2026-12-31T23:59:59Z', '2027-01-01T00:14:59Z'],
])('days are closed %s', (_, now, next) => {
  expect(new Date(nextEmission(Date.parse(now))).toISOString().replace('.000Z', 'Z')).toBe(next);
});
