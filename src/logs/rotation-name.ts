import { basename } from 'node:path';

const COMPRESSED = /\.(?:gz|xz|zst|bz2)$/;
/** logrotate's and Docker's numbers, newsyslog's, which begin with 0, and exicyclog's `.01`. */
const NUMBER = String.raw`\.(\d{1,4})`;
/** What comes before all numbers. */
const OLD = String.raw`\.(old)`;
/**
 * logrotate's dateext (`-20261101`, `-2026110115`, `-2026-11-01`, seconds since 1970) with whatever dateformat makes of
 * it (`_20261101`, `-20261101-1`, `-2026-11-01T10:00:00`), and `postfix logrotate`'s `.20261101-101010`.
 */
const DATE = String.raw`[-._](\d{4}-?\d{2}-?\d{2}(?:[-_T]?\d{2,6}|[-_T]\d|[-_T]\d{2}:\d{2}(?::\d{2})?)?)`;
const EXTENSION = /\.[A-Za-z]\w*$/;
const SUFFIX = new RegExp(`^(?:${NUMBER}|${OLD}|${DATE})$`);
/** Of logrotate's `extension` it stands before that. */
const INFIX = new RegExp(`^(?:${NUMBER}|${DATE})$`);
const AT_END = new RegExp(`(?<=.)(?:${NUMBER}|${OLD}|${DATE})$`);
const BEFORE_EXTENSION = new RegExp(`(?<=.)(?:${NUMBER}|${DATE})(?=${EXTENSION.source})`);

/** What the name of a rotation tells. */
export interface RotationName {
  readonly kind: 'number' | 'date';
  /** Greater is older for numbers, younger for dates; digits only. */
  readonly rank: string;
  readonly compressed: boolean;
}

/** Reads a name as that of a rotation of the log `live` (both without their directory); undefined for any other. */
export function rotationOf(live: string, name: string): RotationName | undefined {
  const plain = withoutCompression(name);
  const found = behind(live, plain) ?? before(live, plain);
  return found === undefined ? undefined : { ...found, compressed: isCompressed(name) };
}

/** `mail.log.1` */
function behind(live: string, name: string): Omit<RotationName, 'compressed'> | undefined {
  if (!name.startsWith(live)) return undefined;
  const [, number, old, date] = SUFFIX.exec(name.slice(live.length)) ?? [];
  return ranked(old === undefined ? number : '0', date);
}

/** `mail.1.log` */
function before(live: string, name: string): Omit<RotationName, 'compressed'> | undefined {
  const [extension] = EXTENSION.exec(live) ?? [];
  if (extension === undefined || !name.endsWith(extension)) return undefined;
  const stem = live.slice(0, -extension.length);
  if (!name.startsWith(stem)) return undefined;
  const [, number, date] = INFIX.exec(name.slice(stem.length, -extension.length)) ?? [];
  return ranked(number, date);
}

function ranked(
  number: string | undefined,
  date: string | undefined,
): Omit<RotationName, 'compressed'> | undefined {
  if (number !== undefined) return { kind: 'number', rank: number };
  return date === undefined ? undefined : { kind: 'date', rank: date.replace(/\D/g, '') };
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

/** A path without its compression and rotation suffixes: `mail.log.2.gz`, `mail-20261101.log` → `mail.log`. */
export function logName(path: string): string {
  const plain = withoutCompression(path);
  const base = basename(plain);
  const bare = base.replace(AT_END, '');
  const live = bare === base ? base.replace(BEFORE_EXTENSION, '') : bare;
  return plain.slice(0, plain.length - base.length) + live;
}
