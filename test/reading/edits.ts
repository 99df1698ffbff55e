import { appendFile, copyFile, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { gapsOf } from '../../src/reading/trail.ts';
import { type Bench, linesOf } from './numbered-lines.ts';

/** File systems tell times no finer than the kernel's clock ticks. */
export const TICK_MS = 12;

/** The holes that are told of the bench's log. */
export async function gapsIn(bench: Bench) {
  const log = await bench.ledger.log('mta1', 'numbered', bench.at('mail.log'));
  return gapsOf(bench.ledger, log.id);
}

/** The lines that were counted, without what only tells that numbers are missing between. */
export async function counted(bench: Bench): Promise<(number | string)[]> {
  return (await bench.counted()).filter((one) => typeof one === 'number');
}

/** Changes a file in its place, as an editor does that keeps the inode. */
export async function edit(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, 'utf8')));
}

/** Puts a changed file in its place, as `sed -i` and most editors do. */
export async function editByRenaming(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(`${path}~`, change(await readFile(path, 'utf8')));
  await rename(`${path}~`, path);
}

/** Copies the log and empties it; the line of that number is written between the two. */
export async function copyAndEmpty(live: string, lost: number, compress = false): Promise<void> {
  await wait(TICK_MS);
  for (const number of [3, 2, 1])
    for (const end of ['', '.gz'])
      await rename(`${live}.${number}${end}`, `${live}.${number + 1}${end}`).catch(() => {});
  await copyFile(live, `${live}.1`);
  await appendFile(live, linesOf(lost, lost + 1));
  await truncate(live);
  if (!compress) return;
  await writeFile(`${live}.1.gz`, gzipSync(await readFile(`${live}.1`)));
  await rm(`${live}.1`);
}
