import { styleText } from 'node:util';
import { type Problem, placeOf } from '../errors.ts';
import { printable } from './table.ts';

/** Where a command's data and messages go: stdout is data, stderr is messages. */
export interface Io {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stdin: NodeJS.ReadableStream;
  readonly env: NodeJS.ProcessEnv;
}

/** A style of `util.styleText`. */
export type Style = Parameters<typeof styleText>[0];

/** A message's level; journald gets the priority that belongs to it. */
export type Level = 'error' | 'warning' | 'notice' | 'info' | 'debug';

/** How much is said: `--quiet`, `--verbose`. */
export type Volume = 'quiet' | 'normal' | 'verbose';

const SAID: Record<Volume, ReadonlySet<Level>> = {
  quiet: new Set<Level>(['error', 'warning']),
  normal: new Set<Level>(['error', 'warning', 'notice', 'info']),
  verbose: new Set<Level>(['error', 'warning', 'notice', 'info', 'debug']),
};

/** syslog(3) priorities: journald sorts lines by them when stderr is no terminal. */
const PRIORITY: Record<Level, number> = { error: 3, warning: 4, notice: 5, info: 6, debug: 7 };
const STYLE: Record<Level, Style> = {
  error: 'red',
  warning: 'yellow',
  notice: 'bold',
  info: 'dim',
  debug: 'dim',
};

/** Characters a line of a terminal. One that was told no size says 0. */
function columnsOf({ columns = 0 }: { readonly columns?: number }): number {
  return columns > 0 ? columns : 80;
}

/** Prints what a command has to say. */
export class Printer {
  readonly #io: Io;
  readonly #said: ReadonlySet<Level>;
  /** What is drawn over by whatever comes next. */
  #live = false;

  constructor(io: Io, volume: Volume = 'normal') {
    this.#io = io;
    this.#said = SAID[volume];
  }

  /** Whether messages of a level are printed at all. */
  says(level: Level): boolean {
    return this.#said.has(level);
  }

  /** Whether a line of messages can be drawn over: on a terminal. */
  get drawsOver(): boolean {
    return this.#io.stderr.isTTY === true;
  }

  /** Shows a line on the terminal until something else is printed; undefined takes it away. */
  live(text: string | undefined): void {
    if (!this.drawsOver || (text === undefined && !this.#live) || !this.says('info')) return;
    this.#live = text !== undefined;
    const columns = columnsOf(this.#io.stderr);
    this.#io.stderr.write(`\r\u001b[K${(text ?? '').slice(0, columns - 1)}`);
  }

  get io(): Io {
    return this.#io;
  }

  /** Whether people read the data: a terminal, without NO_COLOR. */
  get colours(): boolean {
    return this.#io.stdout.isTTY === true && (this.#io.env['NO_COLOR'] ?? '') === '';
  }

  /** Characters a line for people; undefined where the data goes elsewhere and nobody said (`COLUMNS`). */
  get width(): number | undefined {
    const told = Number(this.#io.env['COLUMNS']);
    if (Number.isInteger(told) && told >= 40) return told;
    return this.#io.stdout.isTTY === true ? columnsOf(this.#io.stdout) : undefined;
  }

  /** One line of data. */
  line(text = ''): void {
    if (this.#io.stdout.isTTY === true) this.live(undefined);
    this.#io.stdout.write(`${text}\n`);
  }

  /** Waits until the reader of stdout has caught up, so that memory does not grow with what is printed. */
  async drained(): Promise<void> {
    const { stdout } = this.#io;
    if ((stdout as { writableNeedDrain?: boolean }).writableNeedDrain !== true) return;
    await new Promise((resolve) => stdout.once('drain', resolve));
  }

  /** One machine-readable line of data. */
  json(value: unknown): void {
    this.line(JSON.stringify(value));
  }

  /**
   * A message for people or the journal. `--quiet` keeps all but errors and warnings back; what is of level `debug` is
   * said with `--verbose` alone.
   */
  message(level: Level, text: string): void {
    if (!this.says(level)) return;
    this.live(undefined);
    for (const line of text.split('\n')) this.#io.stderr.write(`${this.#prefixed(level, printable(line))}\n`);
  }

  /** A fault in three parts: what is wrong, where, what to do. */
  problem(problem: Problem): void {
    this.message('error', `error: ${problem.message}`);
    const place = placeOf(problem);
    if (place !== undefined) this.message('error', `   at: ${place}`);
    if (problem.help !== undefined) this.message('error', ` help: ${problem.help}`);
  }

  bold(text: string): string {
    return this.styled('bold', text);
  }

  /** Data in a style, where people read it. */
  styled(style: Style, text: string): string {
    return this.colours ? styleText(style, text, { validateStream: false }) : text;
  }

  #prefixed(level: Level, line: string): string {
    if (this.#io.stderr.isTTY !== true) return `<${PRIORITY[level]}>${line}`;
    return (this.#io.env['NO_COLOR'] ?? '') === ''
      ? styleText(STYLE[level], line, { validateStream: false })
      : line;
  }
}
