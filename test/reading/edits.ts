import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Bench } from './numbered-lines.ts';

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
