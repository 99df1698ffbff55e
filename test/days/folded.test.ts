import { afterEach, beforeEach, expect, it } from 'vitest';
import { foldedDays, noteFolded } from '../../src/days/folded.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { makePlace, type Place } from '../cli/place.ts';

let place: Place;
let ledger: Ledger;
beforeEach(async () => {
  place = await makePlace();
  ledger = await openLedger(place.path('state'));
});
afterEach(async () => {
  await ledger.close();
  await place.remove();
});

it('adds up what was folded in the reports of a day, oldest first', async () => {
  expect(await foldedDays(ledger)).toEqual([]);
  await noteFolded(ledger, [{ day: '2026-11-23', reports: 1, details: 5 }]);
  await noteFolded(ledger, [
    { day: '2026-11-22', reports: 1, details: 2 },
    { day: '2026-11-23', reports: 2, details: 7 },
  ]);
  await noteFolded(ledger, []);
  expect(await foldedDays(ledger)).toEqual([
    { day: '2026-11-22', reports: 1, details: 2 },
    { day: '2026-11-23', reports: 3, details: 12 },
  ]);
});
