/** A cell that is painted once its column is laid out. */
export interface Painted {
  readonly text: string;
  readonly paint: (text: string) => string;
}

/** What may stand in a table; a column of numbers stands to the right. */
export type Cell = string | number | Painted;

/** How wide a table may be, and which columns give way. */
export interface Fit {
  /** Characters a line; no bound when undefined. */
  readonly width: number | undefined;
  /** Columns that may be cut, the widest first; one at least. */
  readonly cut: readonly number[];
  /** Columns that are left out, in this order, where cutting alone would leave nothing to read. */
  readonly drop?: readonly number[];
}

/** What gives way, in this order: columns that may be cut, then headings of numbers, down to so many characters. */
const STEPS = [
  { cut: 10 },
  { heading: 6 },
  { cut: 7 },
  { heading: 3 },
  { cut: 4 },
] as const satisfies readonly { readonly cut?: number; readonly heading?: number }[];
const BETWEEN = '  ';

/**
 * A plain table: columns as wide as their widest cell, numbers to the right. Cells lose their control characters
 * ({@link printable}), and are cut where the table would be too wide.
 */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[], fit?: Fit): string[] {
  const texts = rows.map((row) => row.map((cell) => printable(textOf(cell))));
  const numeric = head.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'),
  );
  const columns = head.map((title, column) => ({
    heading: title.length,
    content: Math.max(0, ...texts.map((row) => row[column]?.length ?? 0)),
    numeric: numeric[column] ?? false,
  }));
  const kept = keptColumns(columns, fit);
  if (fit !== undefined && kept.length < head.length) {
    const pick = <T>(cells: readonly T[]) => cells.filter((_, column) => kept.includes(column));
    const cut = fit.cut.filter((column) => kept.includes(column)).map((column) => kept.indexOf(column));
    return table(pick(head), rows.map(pick), { width: fit.width, cut });
  }
  const widths = fitted(columns, fit);
  const lay = (text: string, column: number) => {
    const width = widths[column] ?? 0;
    return numeric[column] ? shortened(text, width).padStart(width) : shortened(text, width).padEnd(width);
  };
  const line = (row: readonly string[], cells: readonly Cell[]) => {
    const last = row.length - 1;
    const laid = row.map((text, column) => {
      const shown = column === last && !numeric[column] ? lay(text, column).trimEnd() : lay(text, column);
      const cell = cells[column];
      return typeof cell === 'object' ? cell.paint(shown) : shown;
    });
    return laid.join(BETWEEN).trimEnd();
  };
  return [line(head, []), ...texts.map((row, index) => line(row, rows[index] ?? []))];
}

function textOf(cell: Cell): string {
  return typeof cell === 'object' ? cell.text : String(cell);
}

/** How wide a column would be, left alone. */
interface Column {
  readonly heading: number;
  readonly content: number;
  readonly numeric: boolean;
}

/** What a column keeps while others can be left out. */
const READABLE = 7;

/** The columns for which there is room, as long as there are some to leave out. */
function keptColumns(columns: readonly Column[], fit: Fit | undefined): number[] {
  const kept = columns.map((_, index) => index);
  if (fit?.width === undefined) return kept;
  const least = ({ heading, content, numeric }: Column, index: number) => {
    if (numeric) return Math.max(content, Math.min(heading, READABLE));
    const natural = Math.max(heading, content);
    return fit.cut.includes(index) ? Math.min(natural, READABLE) : natural;
  };
  for (const column of fit.drop ?? []) {
    const sum = columns.reduce(
      (total, each, index) => (kept.includes(index) ? total + least(each, index) + BETWEEN.length : total),
      -BETWEEN.length,
    );
    if (sum <= fit.width) break;
    kept.splice(kept.indexOf(column), 1);
  }
  return kept;
}

/** Widths at which the table fits, if cutting helps. Numbers are never cut. */
function fitted(columns: readonly Column[], fit: Fit | undefined): number[] {
  const widths = columns.map(({ heading, content }) => Math.max(heading, content));
  if (fit?.width === undefined) return widths;
  let excess = widths.reduce((sum, each) => sum + each, 0) + BETWEEN.length * (widths.length - 1) - fit.width;
  const numeric = columns.flatMap((column, index) => (column.numeric ? index : []));
  for (const step of STEPS) {
    const [among, least] =
      'cut' in step
        ? [fit.cut, () => step.cut]
        : [numeric, (index: number) => Math.max(step.heading, columns[index]?.content ?? 0)];
    while (excess > 0 && narrowWidest(widths, among, least)) excess--;
  }
  return widths;
}

/** Takes a character from the widest of some columns; false where none has one to spare. */
function narrowWidest(
  widths: number[],
  among: readonly number[],
  least: (column: number) => number,
): boolean {
  const spare = among.filter((column) => (widths[column] ?? 0) > least(column));
  if (spare.length === 0) return false;
  const widest = spare.reduce((best, column) =>
    (widths[column] ?? 0) > (widths[best] ?? 0) ? column : best,
  );
  widths[widest] = (widths[widest] ?? 0) - 1;
  return true;
}

/** Cut to a width; of a path and of an address the end says more. */
function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  return /^(?:\/|mailto:|https:)/.test(text) ? `…${text.slice(1 - width)}` : `${text.slice(0, width - 1)}…`;
}

/** A text in lines of a width at most, broken between words; a word that is longer stands alone. */
export function wrapped(text: string, width: number | undefined, indent: string, first = indent): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && width !== undefined && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}

/** Text of a log or a server as a terminal may safely show it. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?');
}
