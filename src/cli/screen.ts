import type { Printer, Style } from './io.ts';
import { type Cell, type Fit, printable, table, wrapped } from './table.ts';

/** Lines of the width there is, indented below their titles. */
export class Screen {
  readonly #printer: Printer;

  constructor(printer: Printer) {
    this.#printer = printer;
  }

  /** What is left of the width below a title. */
  get inner(): number | undefined {
    const { width } = this.#printer;
    return width === undefined ? undefined : width - 2;
  }

  /** Whether a line of its own fits. */
  holds(text: string): boolean {
    return text.length <= (this.#printer.width ?? Number.POSITIVE_INFINITY);
  }

  /** A heading, apart from what stands above. */
  title(text: string): void {
    this.#printer.line();
    this.#printer.line(this.styled('bold', text));
  }

  /** A line below a heading. */
  line(text: string): void {
    this.#printer.line(`  ${text}`);
  }

  /** A sentence behind a mark, in as many lines as it takes. */
  words(text: string, mark = '', style?: Style): void {
    const indent = ' '.repeat(2 + mark.length);
    for (const [index, line] of wrapped(printable(text), this.#printer.width, indent).entries()) {
      const rest = line.slice(indent.length);
      const shown = index === 0 && style !== undefined ? this.styled(style, mark) : mark;
      this.#printer.line(index === 0 ? `  ${shown}${rest}` : line);
    }
  }

  /** A table below a heading. */
  rows(head: readonly string[], rows: readonly (readonly Cell[])[], fit: Omit<Fit, 'width'>): void {
    for (const line of table(head, rows, { width: this.inner, ...fit })) this.line(line);
  }

  /** A line of its own. */
  top(text: string): void {
    this.#printer.line(text);
  }

  /** A part of a line in a style. */
  styled(style: Style, text: string): string {
    return this.#printer.styled(style, text);
  }

  /** A cell in a style. */
  painted(style: Style, text: string): Cell {
    return { text, paint: (laid) => this.styled(style, laid) };
  }
}
