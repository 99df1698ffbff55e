import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Bell } from '../../src/follow/bell.ts';

const never = new AbortController().signal;

test('a sleep gives signs of life as often as is wanted, and ends when it is over', async () => {
  let signs = 0;
  const bell = new Bell(() => signs++, 50);
  const begun = performance.now();
  await bell.sleep(400, never);
  expect(performance.now() - begun).toBeGreaterThanOrEqual(395);
  expect(signs).toBe(8);
});

test('a bell that is rung ends a sleep, or the next one', async () => {
  const bell = new Bell(() => {}, 60_000);
  const sleeping = bell.sleep(60_000, never);
  await wait(20);
  bell.ring();
  await sleeping;
  bell.ring();
  await bell.sleep(60_000, never);
});
