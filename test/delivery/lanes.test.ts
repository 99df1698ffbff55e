import { expect, it } from 'vitest';
import { Lanes } from '../../src/delivery/lanes.ts';

/** Work that ends when it is told to. */
class Work {
  started = false;
  end: () => void = () => undefined;
  fail: (error: Error) => void = () => undefined;
  readonly #done = new Promise<void>((resolve, reject) => {
    this.end = resolve;
    this.fail = reject;
  });
  readonly run = (): Promise<void> => {
    this.started = true;
    return this.#done;
  };
}

it('keeps to its places and to the width of each lane, and fills what falls free', async () => {
  const lanes = new Lanes(3, (lane) => (lane === 'wide' ? 9 : 1));
  const all = Array.from({ length: 6 }, () => new Work());
  for (const [at, one] of all.entries()) lanes.push(at < 2 ? 'narrow' : 'wide', one.run);
  const started = () => all.map((one) => one.started);
  expect(started()).toEqual([true, false, true, true, false, false]);
  expect([lanes.waiting, lanes.hasFreePlaces, lanes.longest()]).toEqual([3, false, 'wide']);
  all[2]?.end();
  expect(await lanes.next()).toBe(true);
  expect(started().filter(Boolean)).toHaveLength(4);
  for (const one of all) one.end();
  while (!lanes.idle) await lanes.next();
  expect(started()).toEqual([true, true, true, true, true, true]);
});

it('says when nothing ends in time', async () => {
  const lanes = new Lanes(1, () => 1);
  const slow = new Work();
  lanes.push('a', slow.run);
  expect(await lanes.next(10)).toBe(false);
  slow.end();
  expect(await lanes.next(1000)).toBe(true);
});

it('takes back what waits, of one lane or of all', () => {
  const lanes = new Lanes(1, () => 1);
  for (const lane of ['a', 'a', 'b', 'b', 'b']) lanes.push(lane, new Work().run);
  lanes.takeBack('b');
  expect(lanes.waiting).toBe(1);
  lanes.takeBack();
  expect([lanes.waiting, lanes.idle]).toEqual([0, false]);
});

it('raises what work raised, and starts nothing more', async () => {
  const lanes = new Lanes(1, () => 1);
  const [bad, next] = [new Work(), new Work()];
  lanes.push('a', bad.run);
  lanes.push('a', next.run);
  bad.fail(new Error('the ledger is gone'));
  await expect(lanes.next()).rejects.toThrow('the ledger is gone');
  expect(next.started).toBe(false);
});

it('waits for the rest of what runs when one has failed, and then raises that', async () => {
  const lanes = new Lanes(3, () => 1);
  const [bad, slow, late] = [new Work(), new Work(), new Work()];
  lanes.push('a', bad.run);
  lanes.push('b', slow.run);
  bad.fail(new Error('the ledger is gone'));
  await expect(lanes.next()).rejects.toThrow('the ledger is gone');
  lanes.push('c', late.run);
  expect(late.started).toBe(false);
  lanes.takeBack();
  let settled = false;
  const settling = lanes.settle().finally(() => {
    settled = true;
  });
  settling.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([settled, lanes.idle]).toEqual([false, false]);
  slow.end();
  await expect(settling).rejects.toThrow('the ledger is gone');
  expect(lanes.idle).toBe(true);
});
