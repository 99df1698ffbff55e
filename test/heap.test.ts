import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const HEAP = fileURLToPath(new URL('../src/heap.ts', import.meta.url));

/** What the room for new objects has grown to, in MB, in a process that made much garbage, a part of which lived on for a while. */
function roomForNew(call: string): number {
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { keepHeapSmall } from ${JSON.stringify(HEAP)};
    ${call};
    let some = [];
    for (let index = 0; index < 2_000_000; index++) {
      some.push({ index });
      if (some.length > 100_000) some = [];
    }
    const found = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    console.log(found.space_size / 1e6);`;
  const words = ['--import', 'tsx', '--input-type=module', '--eval', script];
  return Number(
    execFileSync(process.execPath, words, { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } }),
  );
}

it('keeps the heap of a busy process small, but for a Node it was not tried with', () => {
  const small = roomForNew('keepHeapSmall("20.20.0")');
  expect(roomForNew('keepHeapSmall("99.1.0")')).toBeGreaterThan(2 * small);
  expect(small).toBeLessThan(10);
});
