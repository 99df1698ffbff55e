import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { type Io, Printer, type Volume } from '../../src/cli/io.ts';
import { Steps } from '../../src/cli/steps.ts';

/** A printer whose messages go to a terminal, or to none, and the clock its steps are measured by. */
function bench(isTTY: boolean, volume: Volume = 'normal') {
  const written: string[] = [];
  const stream = () =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written.push(chunk.toString());
        done();
      },
    });
  const stderr = Object.assign(stream(), { isTTY, columns: 40 });
  const io: Io = { stdout: stream(), stderr, stdin: process.stdin, env: { NO_COLOR: '1' } };
  const clock = { now: 0 };
  const printer = new Printer(io, volume);
  const steps = new Steps(printer, () => clock.now);
  return { clock, printer, steps, taken: () => written.splice(0).join('') };
}

const CLEAR = '\r\u001b[K';

it('draws over its line on a terminal, and gives way to what is printed', () => {
  const { clock, printer, steps, taken } = bench(true);
  steps.step('policies', 1, 300);
  clock.now = 1999;
  steps.step('policies', 2, 300);
  expect(taken()).toBe('');
  clock.now = 2000;
  steps.step('policies', 3, 300);
  expect(taken()).toBe(`${CLEAR}looking policies up: 3 of 300 domains`);
  clock.now = 2050;
  steps.step('policies', 4, 300);
  expect(taken()).toBe('');
  printer.message('info', 'something else');
  expect(taken()).toBe(`${CLEAR}something else\n`);
  clock.now = 2100;
  steps.step('policies', 5, 300);
  steps.end();
  expect(taken()).toBe(`${CLEAR}looking policies up: 5 of 300 domains${CLEAR}`);
  steps.end();
  expect(taken()).toBe('');
});

it('prints plain lines elsewhere, now and then; none for what is quick, or where quiet is wanted', () => {
  const { clock, steps, taken } = bench(false);
  for (clock.now = 0; clock.now <= 13_000; clock.now += 500) steps.step('reading', clock.now * 1000);
  expect(taken()).toBe('<6>reading logs: 2.0 MB\n<6>reading logs: 12.0 MB\n');
  steps.step('deliveries', 1);
  clock.now += 1000;
  steps.step('deliveries', 2);
  expect(taken()).toBe('');
  for (const isTTY of [true, false]) {
    const still = bench(isTTY, 'quiet');
    still.steps.step('reports', 1);
    still.clock.now = 9000;
    still.steps.step('reports', 2);
    expect(still.taken()).toBe('');
  }
});
