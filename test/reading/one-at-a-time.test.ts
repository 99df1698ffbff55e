import { expect, test } from 'vitest';
import { EXIT } from '../../src/errors.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { inTurn } from '../../src/reading/one-at-a-time.ts';
import { benches } from './numbered-lines.ts';

const newBench = benches();
const run = { pid: 41, command: 'run', host: 'mta1' };
const follow = { pid: 42, command: 'follow', host: 'mta1' };
const elapsed = () => performance.now();
const soon = { patience: 0, elapsed };
const long = { patience: 60_000, elapsed };

test('one who comes while another reads waits for it, and reads then', async () => {
  const { ledger, at } = await newBench().then((bench) => ({ ledger: bench.ledger, at: bench.at('state') }));
  const other = await openLedger(at);
  const done: string[] = [];
  const waitedFor: unknown[] = [];
  let begun = () => {};
  const reading = new Promise<void>((resolve) => {
    begun = resolve;
  });
  let finish = () => {};
  const first = inTurn(ledger, { ...soon, reader: run }, async () => {
    begun();
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    done.push('run');
  });
  await reading;
  const onWait = (holder: unknown) => {
    waitedFor.push(holder);
    finish();
  };
  const second = inTurn(other, { ...long, reader: follow, onWait }, async () => done.push('follow'));
  await Promise.all([first, second]);
  expect(done).toEqual(['run', 'follow']);
  expect(waitedFor).toEqual([run]);
  await other.close();
});

test('one who will not wait longer names the process that reads, and the exit code says try again', async () => {
  const bench = await newBench();
  const other = await openLedger(bench.at('state'));
  await inTurn(bench.ledger, { ...soon, reader: follow }, async () => {
    const turn = inTurn(other, { ...soon, reader: run, patience: 100 }, async () => 'read');
    await expect(turn).rejects.toMatchObject({
      exitCode: EXIT.tryAgain,
      message: 'the logs are being read by `follow` (process 42 on mta1)',
    });
    const stop = new AbortController();
    const stopped = inTurn(
      other,
      { ...long, reader: run, signal: stop.signal, onWait: () => stop.abort() },
      async () => 'read',
    );
    expect(await stopped).toBeUndefined();
  });
  expect(await inTurn(other, { ...soon, reader: run }, async () => 'read')).toBe('read');
  await other.close();
});

test('patience is time that has gone by, however long each look takes', async () => {
  let time = 0;
  let looks = 0;
  const ledger = {
    holdReading: async () => {
      looks += 1;
      time += 400;
      return { holder: follow };
    },
  };
  const turn = { reader: run, patience: 1000, elapsed: () => time };
  await expect(inTurn(ledger, turn, async () => 'read')).rejects.toThrow('being read');
  expect(looks).toBe(3);
});

test('a reading that fails gives the right back', async () => {
  const { ledger } = await newBench();
  const failing = inTurn(ledger, { ...soon, reader: run }, async () => {
    throw new Error('disk on fire');
  });
  await expect(failing).rejects.toThrow('disk on fire');
  expect(await inTurn(ledger, { ...soon, reader: follow }, async () => 'read')).toBe('read');
});
