import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ParserModule } from '../src/parser.ts';
import { CONTRACT } from '../src/parser.ts';
import { insertions, mutate, mutationArbitrary } from './parser-contract/mutations.ts';
import {
  countUnknown,
  read,
  readAll,
  readBytes,
  readerFor,
  readThroughJson,
} from './parser-contract/reading.ts';
import { type Sample, samplesOf } from './samples/sample.ts';

/** What the suite must be told of a format to try its parser. */
export interface ContractSetup {
  /** The folder that holds `<parser>/<case>/`; the project's own samples when absent. */
  readonly samplesDir?: string;
  /** Options beside those of the samples, for the checks that make up lines. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Lines no session hangs on, as they stand beside this one in a log: other programs, other hosts, noise. */
  foreignLines(neighbour: string): readonly string[];
  /** The line as another host would write it; leave it out where lines name no host. */
  onHost?(line: string, host: string): string;
  /** The n-th of lines that each begin a session which never ends. */
  endlessLine(n: number): string;
}

/** One promise of the contract. `run` throws where the parser does not keep it. */
export interface ContractCheck {
  readonly name: string;
  run(): void;
}

/** More keys than this for one line, on average, would be a table without bounds. */
const KEYS_LIMIT = 2000;
const MUTATION_RUNS = 300;
const LONG = 1_000_000;

/** Registers the whole suite for one parser. */
export function describeParserContract(module: ParserModule, setup: ContractSetup): void {
  describe(`the parser contract, kept by ${module.name}`, () => {
    for (const { name, run } of contractChecks(module, setup)) it(name, run);
  });
}

/** The checks one by one, so that a test can see a bad parser fail the right one. */
export function contractChecks(module: ParserModule, setup: ContractSetup): ContractCheck[] {
  const samples = samplesOf(module.name, setup.samplesDir);
  const each = (check: (sample: Sample) => void) => () => {
    for (const sample of samples) check(sample);
  };
  const checks: Readonly<Record<string, () => void>> = {
    'is a module of this contract': () => isModule(module),
    'has samples': () => expect(samples.length).toBeGreaterThan(0),
    'reads exactly the sessions somebody accepted': each((sample) => readsAccepted(module, sample)),
    'reads the same when the table goes through JSON after every line': each((sample) =>
      keepsAllInTable(module, sample),
    ),
    'reads the same among foreign lines': each((sample) => ignoresForeign(module, setup, sample)),
    'reads the same from bytes, where lines without a needle are skipped': each((sample) =>
      findsByNeedles(module, sample),
    ),
    'reads the same by its faster road, whatever the pieces and whatever happened to the lines': () =>
      keepsRoadsEqual(module, samples),
    'tells at most one known rule a line, and reads the same untraced': each((sample) =>
      tracesRules(module, sample),
    ),
    'keeps nothing outside the table: two parsers at once read as one': each((sample) =>
      sharesNothing(module, sample),
    ),
    'reads two hosts with the same pids as if each were alone': each((sample) =>
      tellsHostsApart(module, setup, sample),
    ),
    'never throws, and names only what is a name, whatever happened to the lines': () =>
      survivesMutations(module, samples),
    'reads lines of a megabyte': () => survivesLongLines(module, samples),
    'keeps few keys, small ones, though sessions never end': () =>
      staysBounded(module, setup, samples, 30_000),
  };
  return Object.entries(checks).map(([name, run]) => ({ name, run }));
}

function isModule(module: ParserModule): void {
  expect(module.contract).toBe(CONTRACT);
  expect(module.name).toMatch(/^[a-z][a-z0-9-]*$/);
  const parser = module.create(module.options.parse({}));
  expect(parser.idleSeconds).toBeGreaterThan(0);
  expect(parser.needles.length).toBeGreaterThan(0);
  for (const needle of parser.needles) expect(needle).toMatch(/^[\x20-\x7e]+$/);
}

function readsAccepted(module: ParserModule, sample: Sample): void {
  expect(read(module, sample), sample.name).toEqual(
    sample.accepted ?? 'accepted sessions (npm run samples:accept)',
  );
}

function keepsAllInTable(module: ParserModule, sample: Sample): void {
  expect(readThroughJson(module, sample), sample.name).toEqual(read(module, sample));
}

function ignoresForeign(module: ParserModule, { foreignLines }: ContractSetup, sample: Sample): void {
  const lines = sample.lines.flatMap((line) => [...foreignLines(line), line, ...foreignLines(line)]);
  expect(lines.length, 'foreign lines').toBeGreaterThan(sample.lines.length);
  expect(read(module, sample, lines), sample.name).toEqual(read(module, sample));
}

function findsByNeedles(module: ParserModule, sample: Sample): void {
  for (const piece of [64, 65_536])
    expect(readBytes(module, sample, piece), sample.name).toEqual(read(module, sample));
}

/** Sessions, open sessions to the last field, and what was counted: bytes are a faster road to the very same place. */
function keepsRoadsEqual(module: ParserModule, samples: readonly Sample[]): void {
  const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 });
  const compare = (sample: Sample, lines: readonly string[], pieces: readonly number[]): void =>
    void expect(readAll(module, sample, lines, { sizes: pieces, fast: true }), sample.name).toEqual(
      readAll(module, sample, lines, { sizes: [1_000_000], fast: false }),
    );
  for (const sample of samples) {
    compare(sample, sample.lines, [1_000_000]);
    fc.assert(
      fc.property(sizes, (pieces) => void compare(sample, sample.lines, pieces)),
      { numRuns: 3 },
    );
  }
  const windows = samples.filter(({ lines }) => lines.length <= 120);
  const mutations = fc.array(mutationArbitrary, { maxLength: 12 });
  fc.assert(
    fc.property(fc.constantFrom(...windows), mutations, sizes, (sample, changes, pieces) => {
      const lines = mutate(sample.lines, changes).map((line) => line.replaceAll('\n', ' '));
      // Twice: the faster road reads what looks like a line it has met.
      compare(sample, [...lines, ...lines], pieces);
    }),
    { numRuns: MUTATION_RUNS },
  );
}

function tracesRules(module: ParserModule, sample: Sample): void {
  const rules: string[] = [];
  const traced = read(module, sample, sample.lines, ({ rule }) => rules.push(rule));
  expect(traced, sample.name).toEqual(read(module, sample));
  expect(rules.length).toBeLessThanOrEqual(sample.lines.length);
  for (const rule of rules) expect(Object.keys(module.rules ?? {}), rule).toContain(rule);
  const unknown = rules.filter((rule) => rule === 'unknown').length;
  expect(countUnknown(module, sample), 'lines told as unknown').toBe(unknown);
}

function sharesNothing(module: ParserModule, sample: Sample): void {
  const counts = [0, 0];
  const readers = counts.map((_, index) =>
    readerFor(module, sample, () => {
      counts[index] = (counts[index] ?? 0) + 1;
    }),
  );
  for (const line of sample.lines) for (const reader of readers) reader.line(line);
  for (const reader of readers) reader.end();
  const alone = read(module, sample).length;
  expect(counts, sample.name).toEqual([alone, alone]);
}

function tellsHostsApart(module: ParserModule, { onHost }: ContractSetup, sample: Sample): void {
  if (onHost === undefined) return;
  const hosts = ['alpha', 'beta.example.org'];
  const lines = sample.lines.flatMap((line) => hosts.map((host) => onHost(line, host)));
  const alone = read(module, sample);
  expect(read(module, sample, lines), sample.name).toEqual([...alone, ...alone].sort());
}

function survivesMutations(module: ParserModule, samples: readonly Sample[]): void {
  const windows = samples.filter(({ lines }) => lines.length <= 120);
  for (const [turn, insert] of insertions().entries()) {
    const sample = windows[turn % windows.length];
    if (sample !== undefined) read(module, sample, sample.lines.map(insert));
  }
  fc.assert(
    fc.property(
      fc.constantFrom(...windows),
      fc.array(mutationArbitrary, { minLength: 1, maxLength: 25 }),
      // Reading checks every record against the schema: domains, host names, addresses.
      (sample, mutations) => void read(module, sample, mutate(sample.lines, mutations)),
    ),
    { numRuns: MUTATION_RUNS },
  );
}

/** Each line drawn out to a megabyte at different places, by what regular expressions like least. */
function survivesLongLines(module: ParserModule, samples: readonly Sample[]): void {
  const kinds = new Map<string, { sample: Sample; line: string }>();
  for (const sample of samples) {
    for (const line of sample.lines)
      kinds.set(line.replace(/[0-9A-Fa-f]+/g, '').slice(0, 60), { sample, line });
  }
  const fillers = ['a', ' ', '(', '>, relay=', '"\\', '::'];
  let turn = 0;
  for (const { sample, line } of [...kinds.values()].slice(0, 60)) {
    const filler = fillers[turn % fillers.length] ?? 'a';
    const at = Math.floor((line.length * (turn % 7)) / 7);
    const long = line.slice(0, at) + filler.repeat(Math.ceil(LONG / filler.length)) + line.slice(at);
    read(module, sample, [line, long, line]);
    turn += 1;
  }
}

/**
 * Sessions that never end: the core keeps the table short by ending what is oldest, so a line may add but few keys,
 * and no value may grow with the lines behind it.
 */
export function staysBounded(
  module: ParserModule,
  setup: ContractSetup,
  samples: readonly Sample[],
  count: number,
): void {
  const [sample] = samples;
  if (sample === undefined) throw new Error('no samples');
  const given = { ...sample, options: { ...setup.options } };
  const reader = readerFor(module, given, () => undefined, { limit: KEYS_LIMIT });
  let most = 0;
  for (let n = 0; n < count; n++) {
    reader.line(setup.endlessLine(n));
    if (reader.table.size > most) most = reader.table.size;
  }
  expect(reader.faults).toBe(0);
  expect(most).toBeLessThanOrEqual(KEYS_LIMIT);
  expect(most, 'the lines are meant to begin sessions').toBeGreaterThan(KEYS_LIMIT / 2);
  for (const key of reader.table.keys()) {
    expect(JSON.stringify(reader.table.get(key)).length, key).toBeLessThan(100_000);
    expect(key.length).toBeLessThan(1000);
  }
}
