import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parser } from '../../parsers/_template/index.ts';
import type { ParserModule } from '../../src/parser.ts';
import { loadParser } from '../../src/registry.ts';
import { type ContractSetup, contractChecks, describeParserContract } from '../parser-contract.ts';
import { makeParser } from '../samples/new-parser.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SYSLOG = /^(\S+) (\S+) (.*)$/;

const templateSetup: ContractSetup = {
  foreignLines: (neighbour) => [
    neighbour.replace(SYSLOG, '$1 $2 postfix/smtp[311]: 9F3A51C0B7: to=<a@example.org>, relay=none'),
    neighbour.replace(SYSLOG, '$1 stranger parcel[311]: 0000c0de close'),
  ],
  onHost: (line, host) => line.replace(SYSLOG, `$1 ${host} $3`),
  endlessLine: (n) =>
    `2026-11-22T10:00:00Z mail parcel[311]: ${n.toString(16).padStart(8, '0')} open mx1.example.org 192.0.2.25`,
};

describeParserContract(parser, { ...templateSetup, samplesDir: join(ROOT, 'parsers/_template/samples') });

/** A place outside of the repository where the package is installed, as a link. */
let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'new-parser-'));
  mkdirSync(join(place, 'node_modules'));
  symlinkSync(ROOT, join(place, 'node_modules', 'maillog-tlsrpt'));
  writeFileSync(join(place, 'package.json'), '{"type":"module"}');
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

function check(module: ParserModule, setup: ContractSetup): void {
  for (const { run } of contractChecks(module, { ...setup, samplesDir: join(place, 'samples') })) run();
}

describe('npm run new-parser', () => {
  it('makes a parser that keeps the contract from the first minute', async () => {
    const paths = makeParser(place, 'carrier-pigeon');
    expect(paths).toContain('parsers/carrier-pigeon/index.ts');
    expect(paths).toContain('samples/carrier-pigeon/a-good-session/sessions.jsonl');
    expect(paths).toContain('test/parsers/carrier-pigeon/contract.test.ts');
    for (const path of paths) expect(readFileSync(join(place, path), 'utf8'), path).not.toMatch(/template/i);
    const module = await loadParser('./parsers/carrier-pigeon/index.ts', place);
    expect(module.name).toBe('carrier-pigeon');
    check(module, templateSetup);
  });

  it('refuses a name that is none, or is taken', () => {
    expect(() => makeParser(place, 'Carrier Pigeon')).toThrow(/no name for a parser/);
    expect(() => makeParser(place, '../x')).toThrow(/no name for a parser/);
    makeParser(place, 'owl');
    expect(() => makeParser(place, 'owl')).toThrow(/is there already/);
  });
});

/** The blocks of parsers/README.md that name a file. */
function blocks(): Map<string, string> {
  const text = readFileSync(join(ROOT, 'parsers/README.md'), 'utf8');
  const found = [...text.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)];
  return new Map(found.map((match) => [match[1] ?? '', match[2] ?? '']));
}

/** Follows parsers/README.md: begin, delete what it says, write its files. */
function followReadme(): void {
  makeParser(place, 'swallow');
  rmSync(join(place, 'samples/swallow'), { recursive: true });
  for (const name of ['lines.ts', 'rules.ts']) rmSync(join(place, 'parsers/swallow', name));
  for (const [path, text] of blocks()) {
    mkdirSync(dirname(join(place, path)), { recursive: true });
    writeFileSync(join(place, path), text);
  }
}

describe('parsers/README.md, to the letter', () => {
  beforeAll(followReadme);

  it('leads to a parser that reads its samples as printed there, and keeps the contract', async () => {
    expect([...blocks().keys()].filter((path) => path.endsWith('sessions.jsonl')).length).toBe(2);
    const module = await loadParser('./parsers/swallow/index.ts', place);
    check(module, {
      foreignLines: () => ['1795341601.300 311 c999 dial mx9.example.com 192.0.2.99', 'not a line of ours'],
      endlessLine: (n) => `1795341601.250 311 c${n} dial mx1.example.org 192.0.2.25`,
    });
    expect(blocks().get('test/parsers/swallow/contract.test.ts')).toContain('c999 dial');
  });

  it('and to a module that the command reads by its path', () => {
    const typescript = blocks().get('parsers/swallow/index.ts') ?? '';
    writeFileSync(
      join(place, 'my-parser.js'),
      transformSync(typescript, { loader: 'ts', format: 'esm' }).code,
    );
    const log = join(place, 'samples/swallow/a-good-session/input.log');
    const main = join(ROOT, 'src/cli/main.ts');
    const tsx = pathToFileURL(join(ROOT, 'node_modules/tsx/dist/esm/index.mjs')).href;
    const args = [
      '--conditions=source',
      '--import',
      tsx,
      main,
      'sessions',
      log,
      '--parser',
      './my-parser.js',
    ];
    const told = execFileSync(process.execPath, args, { cwd: place, encoding: 'utf8' });
    expect(told).toBe(blocks().get('samples/swallow/a-good-session/sessions.jsonl'));
  });
});
