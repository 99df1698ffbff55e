/**
 * `npm run samples:harvest -- --parser NAME --case a-case-as-a-sentence [--queue-id ID] [--domain D] [--lines A-B] FILE…`:
 * makes a sample of real lines, with names, addresses and ids replaced.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ExplainedLine, Explainer, type ExplainFilter } from '../../src/explain.ts';
import { openLog } from '../../src/logs/archive.ts';
import { zoneOf } from '../../src/logs/zone.ts';
import { createParser, loadParser } from '../../src/registry.ts';
import { Scrubber } from '../../src/scrub/scrubber.ts';
import { SAMPLES } from './sample.ts';

const ORIGIN = 'Harvested from a real log; names, addresses and ids are replaced.\n';

const { values, positionals } = parseArgs({
  options: {
    parser: { type: 'string', default: 'postfix' },
    case: { type: 'string' },
    samples: { type: 'string', default: SAMPLES },
    'queue-id': { type: 'string' },
    domain: { type: 'string' },
    lines: { type: 'string' },
  },
  allowPositionals: true,
});

const fault = faultOf();
if (fault !== undefined) {
  console.error(fault);
  process.exitCode = 64;
} else await harvest(values.case ?? '');

function faultOf(): string | undefined {
  if (positionals.length === 0) return 'Name the log: npm run samples:harvest -- --case … FILE';
  if (values.case === undefined || !/^[a-z0-9][a-z0-9.-]+$/.test(values.case)) {
    return 'Name the case by a sentence: --case a-session-that-broke';
  }
  if (values.lines !== undefined && !/^\d+-\d+$/.test(values.lines)) return '--lines is a range: 120-180';
  return undefined;
}

async function harvest(name: string): Promise<void> {
  const directory = join(values.samples, values.parser, name);
  if (existsSync(directory)) {
    console.error(`${directory} is there already: choose another name`);
    process.exitCode = 64;
    return;
  }
  const lines = await linesOf();
  if (lines.length === 0) {
    console.error('No line was chosen.');
    process.exitCode = 65;
    return;
  }
  const scrubber = new Scrubber();
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'input.log'), lines.map(({ text }) => `${scrubber.line(text)}\n`).join(''));
  writeFileSync(join(directory, 'ORIGIN'), ORIGIN);
  console.log(`${lines.length} lines in ${directory}.
Look through them for what should not be shown, say in ORIGIN which MTA and version wrote them, then:
  npm run samples:accept ${values.parser} ${name}`);
}

/** The chosen lines in their order. */
async function linesOf(): Promise<ExplainedLine[]> {
  const lines: ExplainedLine[] = [];
  const explainer = new Explainer({
    parser: createParser(await loadParser(values.parser, process.cwd()), {}),
    zone: zoneOf('UTC'),
    host: 'localhost',
    latest: () => Date.now(),
    filter: filterOf(),
    onLine: (line) => lines.push(line),
    onSilence: () => undefined,
  });
  for (const file of positionals) {
    explainer.file(file);
    for await (const chunk of openLog(file)) explainer.bytes(chunk);
  }
  explainer.end();
  return lines.sort((a, b) => positionals.indexOf(a.file) - positionals.indexOf(b.file) || a.line - b.line);
}

function filterOf(): ExplainFilter {
  const { 'queue-id': queueId, domain, lines } = values;
  const [first = 0, last = first] = (lines ?? '').split('-').map(Number);
  return {
    ...(queueId !== undefined && { queueId }),
    ...(domain !== undefined && { domain }),
    ...(lines !== undefined && { lines: [first, last] as const }),
  };
}
