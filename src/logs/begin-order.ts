/** Where a file stands among others: UTC ms, compared one after the other. */
export interface Begin {
  /** Its first stamp; of one in an hour that comes twice, where that hour begins. */
  readonly time: number;
  /**
   * When it was last written within such an hour: of two files of a log the one that begins first ends first, too. 0
   * where the first stamp leaves no doubt.
   */
  readonly written: number;
  /** The first reading of such a stamp. */
  readonly first: number;
}

/** A file, where it begins, and its place in its log as the names of that log's files tell. */
export interface BegunFile {
  readonly begin: Begin;
  readonly rotation?: { readonly log: string; readonly place: number };
}

/**
 * Files in the order in which they begin; those that begin at the same time stay in theirs. Where files begin in an hour
 * that comes twice, and their times of change were lost, those of one log come as they were rotated.
 */
export function inOrderOfBegin<File extends BegunFile>(files: readonly File[]): File[] {
  const sorted = files.toSorted((a, b) => compare(a.begin, b.begin));
  for (const places of alikeIn(sorted)) {
    const alike = places.flatMap((at) => sorted[at] ?? []);
    const rotated = alike.sort((a, b) => (a.rotation?.place ?? 0) - (b.rotation?.place ?? 0));
    // Among the files of other logs they keep the places that they have together.
    if (!goesBackOnce(rotated)) continue;
    for (const [index, file] of rotated.entries()) sorted[places[index] ?? 0] = file;
  }
  return sorted;
}

function compare(a: Begin, b: Begin): number {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  return a.written - b.written || a.first - b.first;
}

/** Where files of one log stand of which only the first reading of their stamps would tell the order. */
function alikeIn(files: readonly BegunFile[]): number[][] {
  const alike = new Map<string, number[]>();
  for (const [at, { begin, rotation }] of files.entries()) {
    if (rotation === undefined || begin.written === 0) continue;
    const key = `${begin.time} ${begin.written} ${rotation.log}`;
    const others = alike.get(key);
    if (others === undefined) alike.set(key, [at]);
    else others.push(at);
  }
  return [...alike.values()];
}

/** The hour comes twice only: of files that are numbered the other way round each begins before the one in front of it. */
function goesBackOnce(files: readonly BegunFile[]): boolean {
  const back = files.filter(({ begin }, at) => begin.first < (files[at - 1]?.begin.first ?? begin.first));
  return back.length <= 1;
}
