import { describe, expect, it } from 'vitest';
import { noteExport, noteWord, wordOf } from '../src/host-word.ts';
import type { Ledger } from '../src/ledger/ledger.ts';
import type { JsonValue } from '../src/parser.ts';

const MINUTE = 60_000;

function notebook() {
  let noted: JsonValue | undefined;
  let writes = 0;
  const ledger = {
    note: async () => noted,
    setNote: async (_name: string, value: JsonValue) => {
      noted = value;
      writes++;
    },
  } as unknown as Ledger;
  const known = () =>
    wordOf({ host: 'mta1', program: '1', seenAt: 0, ...(noted !== undefined && { noted }) });
  return { ledger, known, writes: () => writes };
}

describe('the name of a host', () => {
  async function clash(...machines: string[]): Promise<number | undefined> {
    const { ledger, known } = notebook();
    for (const [index, machine] of machines.entries())
      await noteWord(ledger, 'mta1', { at: index, ahead: 0, machine });
    return known().clashAt;
  }

  it('may go over to another machine, or to one that booted', async () => {
    expect(await clash('a', 'a', 'b', 'b', 'c', 'd')).toBeUndefined();
  });

  it('is not for two machines at a time', async () => {
    expect(await clash('a', 'b', 'a')).toBe(2);
    expect(await clash('a', 'b', 'a', 'b', 'b')).toBe(3);
  });
});

describe('the clock of a host', () => {
  it('is told when it differs by a minute, and when it is right again', async () => {
    const { ledger, known, writes } = notebook();
    const say = (at: number, ahead: number) => noteWord(ledger, 'mta1', { at, ahead });
    expect(known().ahead).toBe(0);
    await say(0, 59_000);
    await say(1, -59_000);
    expect([known().ahead, writes()]).toEqual([0, 1]);
    await say(2, 40 * MINUTE);
    await say(3, 40 * MINUTE + 5000);
    expect([known().ahead, writes()]).toEqual([40 * MINUTE, 2]);
    await say(4, 3000);
    expect(known().ahead).toBe(0);
  });

  it('is ahead where it comes by a file of a time that is yet to come, until a later file is none', async () => {
    const { ledger, known } = notebook();
    await noteExport(ledger, 'mta9', 0, 5 * MINUTE);
    await noteExport(ledger, 'mta9', 40 * MINUTE, 0);
    expect(known().ahead).toBe(40 * MINUTE);
    await noteExport(ledger, 'mta9', -MINUTE, MINUTE);
    expect(known().ahead).toBe(40 * MINUTE);
    await noteExport(ledger, 'mta9', 60 * MINUTE, 61 * MINUTE);
    expect(known().ahead).toBe(0);
  });
});
