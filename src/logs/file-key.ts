import type { Stats } from 'node:fs';

/** A file, whatever its name: device and inode. */
export type FileKey = string;

/** The key of a file that was looked at. */
export function keyOf({ dev, ino }: Pick<Stats, 'dev' | 'ino'>): FileKey {
  return `${dev}:${ino}`;
}

/** Another file is at this path than when it was listed, or none: the log was rotated in between. */
export class MovedFile extends Error {
  readonly path: string;

  constructor(path: string) {
    super(`${path} was moved`);
    this.name = 'MovedFile';
    this.path = path;
  }
}
