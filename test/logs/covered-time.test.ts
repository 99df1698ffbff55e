import { expect, it } from 'vitest';
import { CoveredTime } from '../../src/logs/covered-time.ts';

const HOUR_MS = 3_600_000;

/** What lines at these hours cover, in hours. */
function coveredBy(...hours: readonly number[]) {
  const covered = new CoveredTime();
  for (const hour of hours) covered.add(hour * HOUR_MS);
  const { span } = covered;
  return span === undefined ? undefined : [span.from / HOUR_MS, span.until / HOUR_MS];
}

it('is that of the first line to the last', () => {
  expect(coveredBy()).toBeUndefined();
  expect(coveredBy(5)).toEqual([5, 5]);
  expect(coveredBy(5, 6, 9)).toEqual([5, 9]);
});

it('takes in lines that come late', () => {
  expect(coveredBy(5, 4.5, 9, 8.5)).toEqual([4.5, 9]);
});

it('is that of all logs that were joined, in whatever order', () => {
  expect(coveredBy(48, 60, 72, 24, 36, 48, 0, 12, 24)).toEqual([0, 72]);
  expect(coveredBy(48, 60, 72, 0, 12, 24, 24, 36, 48)).toEqual([0, 72]);
  expect(coveredBy(48, 60, 0, 12, 24, 48, 72)).toEqual([0, 72]);
});

it('does not take in what a clock said that was wrong for a while', () => {
  expect(coveredBy(1000, 1010, 0, 0.1, 0.2, 1010.1, 1020)).toEqual([1000, 1020]);
});

it('begins anew with each file', () => {
  const covered = new CoveredTime();
  covered.add(HOUR_MS);
  covered.reset();
  expect(covered.span).toBeUndefined();
  covered.add(2 * HOUR_MS);
  expect(covered.span).toEqual({ from: 2 * HOUR_MS, until: 2 * HOUR_MS });
});
