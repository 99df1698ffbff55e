/**
 * `npm run samples:accept [-- [--yes] [--samples DIR] [PARSER] [CASE]]`: shows how the sessions read from the samples
 * differ from the accepted ones, and writes `sessions.jsonl` where somebody says yes. The samples of a parser that
 * lives elsewhere: `--samples DIR --module PATH`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadParser } from '../../src/registry.ts';
import { type Change, changesOf, printable } from './changes.ts';
import { recordsOf, SAMPLES, sampledParsers, samplesOf } from './sample.ts';

const { values, positionals } = parseArgs({
  options: {
    yes: { type: 'boolean', default: false },
    samples: { type: 'string', default: SAMPLES },
    module: { type: 'string' },
  },
  allowPositionals: true,
});
const [onlyParser, onlyCase] = positionals;
const PARSERS = fileURLToPath(new URL('../../parsers/', import.meta.url));

const changes: Change[] = [];
for (const name of sampledParsers(values.samples)) {
  if (onlyParser !== undefined && name !== onlyParser) continue;
  // By path, so that a parser that is not built in yet can be tried.
  const module = await loadParser(values.module ?? join(PARSERS, name, 'index.ts'), process.cwd());
  for (const sample of samplesOf(name, values.samples)) {
    if (onlyCase !== undefined && sample.name !== onlyCase) continue;
    const change = changesOf(`${name}/${sample.name}`, sample.accepted, recordsOf(module, sample));
    if (change !== undefined) changes.push({ ...change, directory: sample.directory });
  }
}

for (const change of changes) for (const line of printable(change)) console.log(line);
if (changes.length === 0) console.log('All samples read as accepted.');
else if (values.yes || (await confirmed(changes.length))) {
  for (const { directory, records } of changes) {
    writeFileSync(join(directory, 'sessions.jsonl'), records.map((record) => `${record}\n`).join(''));
  }
  console.log(`Accepted: ${changes.length}.`);
} else {
  console.log('Nothing was written.');
  process.exitCode = 1;
}

async function confirmed(count: number): Promise<boolean> {
  if (!process.stdin.isTTY) {
    console.log(`${count} to accept; say --yes, or answer on a terminal.`);
    return false;
  }
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await prompt.question(`Accept these ${count}? [y/N] `);
  prompt.close();
  return /^y(es)?$/i.test(answer.trim());
}
