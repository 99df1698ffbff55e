import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Printer } from '../../src/cli/io.ts';
import { progressText, showProgress } from '../../src/cli/progress.ts';
import { makePlace, type Place } from './place.ts';

const DAY = Date.UTC(2026, 10, 16, 12);

let place: Place;
beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

function printerTo(isTTY: boolean): { printer: Printer; text: () => string } {
  let text = '';
  const stderr = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString();
        done();
      },
    }),
    { isTTY, columns: 120 },
  );
  const io = { stdout: stderr, stderr, stdin: process.stdin, env: { NO_COLOR: '1' } };
  return { printer: new Printer(io), text: () => text };
}

it('tells bytes, rate, time left, day and file', () => {
  const state = { read: 120e6, total: 512e6, ms: 1000, path: '/var/log/mail.log.1', time: DAY };
  expect(progressText(state)).toBe('120 of 512 MB, 120 MB/s, 4 s left, 2026-11-16 (mail.log.1)');
  expect(progressText({ ...state, read: 2e6, time: undefined, path: '-' })).toBe(
    '2.0 of 512 MB, 2.0 MB/s, 4 min 15 s left (standard input)',
  );
});

it('prints a line every five seconds where there is no terminal', async () => {
  const log = await place.write('mail.log', 'x'.repeat(4_000_000));
  const { printer, text } = printerTo(false);
  let now = 0;
  const progress = await showProgress([log], printer, { quiet: false, elapsed: () => now });
  for (now = 1000; now <= 11_000; now += 1000) progress.onBytes(log, 200_000, DAY);
  progress.stop();
  expect(text()).toBe(
    '<6>reading: 1.0 of 4.0 MB, 0.2 MB/s, 15 s left, 2026-11-16 (mail.log)\n' +
      '<6>reading: 2.0 of 4.0 MB, 0.2 MB/s, 10 s left, 2026-11-16 (mail.log)\n',
  );
});

it('draws a bar on a terminal, and nothing when it is to be quiet', async () => {
  const log = await place.write('mail.log', 'x'.repeat(1000));
  const { printer, text } = printerTo(true);
  const quiet = await showProgress([log], printer, { quiet: true, elapsed: () => 0 });
  quiet.onBytes(log, 1000, DAY);
  quiet.stop();
  expect(text()).toBe('');
  const progress = await showProgress([log], printer, { quiet: false, elapsed: () => 0 });
  progress.onBytes(log, 1000, DAY);
  progress.stop();
  expect(text()).toContain('█');
});
