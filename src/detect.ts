import { EXIT, Problem } from './errors.ts';
import { LineScanner } from './logs/line-scanner.ts';
import { SessionReader } from './logs/session-reader.ts';
import type { LocalZone } from './logs/zone.ts';
import type { ParserModule } from './parser.ts';
import { BUILT_IN } from './registry.ts';

/** A format that a log is written in, and the line that shows it. */
export interface Detected {
  readonly module: ParserModule;
  /** From 1: the first line that the parser takes for its own. */
  readonly line: number;
}

/** What is needed to read stamps; none of it decides which format a line is of. */
export interface DetectOptions {
  readonly zone: LocalZone;
  readonly host: string;
  /** UTC ms. */
  readonly now: number;
}

/** The value of `parser` that asks for detection. */
export const AUTO = 'auto';

/**
 * Which formats the lines of a log are of, by the lines alone. A file of several MTAs has several: each parser is to
 * read it as a log of its own. Reads until all candidates are found or the log ends, as fast as needles are found.
 * @param candidates formats to look for; those that recognise no lines are passed over
 * @returns in the order of the candidates; empty if no line is of any
 */
export async function detectParsers(
  log: AsyncIterable<Uint8Array>,
  options: DetectOptions,
  candidates: readonly ParserModule[] = BUILT_IN,
): Promise<readonly Detected[]> {
  const searches = candidates.flatMap((module) =>
    module.recognises === undefined ? [] : [new Search(module, options)],
  );
  for await (const chunk of log) {
    for (const search of searches) search.bytes(chunk);
    if (searches.every(({ line }) => line !== undefined)) break;
  }
  for (const search of searches) search.end();
  return searches.flatMap(({ module, line }) => (line === undefined ? [] : [{ module, line }]));
}

/** Why these parsers were taken, for people: `postfix (line 1), exim (line 1017)`. */
export function detectedText(detected: readonly Detected[]): string {
  return detected.map(({ module, line }) => `${module.name} (line ${line})`).join(', ');
}

/** No line of the log is of a format known here. */
export function undetected(path: string): Problem {
  const names = BUILT_IN.map(({ name }) => name).join(', ');
  return new Problem(EXIT.data, 'no line looks like one of an MTA known here', {
    where: path,
    help: `known are ${names}; name the one it is with --parser, or give the path of a parser of yours`,
  });
}

/** The search for one format. A line counts if the parser recognises it and, reading it, has a rule for it. */
class Search {
  readonly module: ParserModule;
  line: number | undefined;
  readonly #scanner: LineScanner;
  readonly #reader: SessionReader;
  #known = false;

  constructor(module: ParserModule, { zone, host, now }: DetectOptions) {
    this.module = module;
    const parser = module.create(module.options.parse({}));
    this.#reader = new SessionReader({
      parser,
      zone,
      host,
      latest: () => now,
      onSession: () => undefined,
      trace: ({ rule }) => {
        this.#known = rule !== 'unknown';
      },
    });
    this.#scanner = new LineScanner(parser.needles, (text) => this.#look(text));
  }

  bytes(chunk: Uint8Array): void {
    if (this.line === undefined) this.#scanner.push(chunk);
  }

  end(): void {
    this.#scanner.finish();
  }

  /** Reading it is what a stranger's text in the line of another MTA does not stand. */
  #look(text: string): void {
    if (this.line !== undefined || this.module.recognises?.(text) !== true) return;
    this.#known = false;
    this.#reader.line(text);
    if (this.#known) this.line = this.#scanner.lines;
  }
}
