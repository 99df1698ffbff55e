import { afterEach, beforeEach, expect, it } from 'vitest';
import { noteBounce } from '../../src/delivery/suppression.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { MORNING_AFTER, makePlace, type Place } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace();
  const ledger = await openLedger(place.path('state'));
  await noteBounce(ledger, 'mailto:tls@example.org', Date.parse('2026-11-24T04:00:00Z'));
  await ledger.close();
});
afterEach(() => place.remove());

const command = (...words: string[]) => runCli([...words, '--now', MORNING_AFTER, '--config', place.config]);

it('status lists whose reports came back, and send --unsuppress forgives', async () => {
  const before = await command('status');
  expect(before.stdout).toContain('nothing goes to mailto:tls@example.org until 2026-11-25T04:00:00Z');
  expect((await command('send', '--unsuppress', 'mailto:tls@example.org')).code).toBe(0);
  expect((await command('status', '--json')).json()).toMatchObject([{ suppressed: [] }]);
  expect((await command('send', '--unsuppress', 'mailto:tls@example.org')).code).toBe(64);
});
