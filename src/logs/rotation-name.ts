import { basename } from 'node:path';

const COMPRESSED = /\.(?:gz|xz|zst|bz2)$/;
/** logrotate's and Docker's numbers, and exicyclog's `.01`. */
const NUMBER = /^\.(\d{1,4})$/;
/** logrotate's dateext (`-20261101`, `-2026110115`, `-2026-11-01`, seconds since 1970) and `postfix logrotate`'s `.20261101-101010`. */
const DATE = /^[-.](\d{4}-?\d{2}-?\d{2}(?:[-_T]?\d{2,6})?)$/;

/** What the name of a rotation tells. */
export interface RotationName {
  readonly kind: 'number' | 'date';
  /** Greater is older for numbers, younger for dates; digits only. */
  readonly rank: string;
  readonly compressed: boolean;
}

/** Reads a name as that of a rotation of the log `live` (both without their directory); undefined for any other. */
export function rotationOf(live: string, name: string): RotationName | undefined {
  if (!name.startsWith(live)) return undefined;
  const suffix = withoutCompression(name.slice(live.length));
  const compressed = isCompressed(name.slice(live.length));
  const number = NUMBER.exec(suffix)?.[1];
  if (number !== undefined) return { kind: 'number', rank: number, compressed };
  const date = DATE.exec(suffix)?.[1];
  return date === undefined ? undefined : { kind: 'date', rank: date.replace(/\D/g, ''), compressed };
}

/** The order of two rotations of one kind: the older one first. */
export function compareRotations(a: RotationName, b: RotationName): number {
  if (a.kind === 'number') return Number(b.rank) - Number(a.rank);
  return a.rank < b.rank ? -1 : 1;
}

/** Whether the name says that the file is packed. */
export function isCompressed(path: string): boolean {
  return COMPRESSED.test(path);
}

/** The name without what says that the file is packed. */
export function withoutCompression(path: string): string {
  return path.replace(COMPRESSED, '');
}

/** A path without its compression and rotation suffixes: `mail.log.2.gz`, `mail.log-20261101` → `mail.log`. */
export function logName(path: string): string {
  const plain = withoutCompression(path);
  const base = basename(plain);
  const live = base.replace(/(?<=.)(?:\.\d{1,4}|[-.]\d{4}-?\d{2}-?\d{2}(?:[-_T]?\d{2,6})?)$/, '');
  return plain.slice(0, plain.length - base.length) + live;
}
