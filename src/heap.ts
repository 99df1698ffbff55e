import { setFlagsFromString } from 'node:v8';

/** Of a flag that it does not have, V8 complains on the terminal: those after this one were not tried. */
const NEWEST_TRIED = 24;

/**
 * Keeps the process small beside a busy mail server. Left to itself V8 lets garbage lie until the heap is four times
 * what is in use, and gives new objects a room of their own that doubles again and again: a quarter of the memory that a
 * backfill took. Collecting sooner costs nothing that could be measured (docs/benchmarks.md).
 * To be called anew in each thread, for V8 forgets the one flag whenever it makes a heap.
 * @param node the version of Node, as `process.versions.node` has it
 */
export function keepHeapSmall(node: string): void {
  if (Number.parseInt(node, 10) > NEWEST_TRIED) return;
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=40');
}
