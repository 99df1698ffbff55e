/**
 * `npm run samples:accept [-- [--yes] [PARSER] [CASE]]`: shows how the sessions read from the samples differ from the
 * accepted ones, and writes `sessions.jsonl` where somebody says yes.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { loadParser } from '../../src/registry.ts';
import { type Change, changesOf, printable } from './changes.ts';
import { recordsOf, SAMPLES, sampledParsers, samplesOf } from './sample.ts';

const { values, positionals } = parseArgs({
  options: { yes: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [onlyParser, onlyCase] = positionals;

const changes: Change[] = [];
for (const name of sampledParsers().filter((parser) => onlyParser === undefined || parser === onlyParser)) {
  const module = await loadParser(name, SAMPLES);
  for (const sample of samplesOf(name)) {
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
