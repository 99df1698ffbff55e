// How long `status` takes from the bundle, beside a Node that does nothing:
// tsx --conditions=source test/bench/start.ts [ROUNDS] [NODE]
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MORNING_AFTER, makePlace, SAMPLE_LOG } from '../cli/place.ts';
import { median } from './measure.ts';

const BUNDLE = fileURLToPath(new URL('../../.ci/bundle.mjs', import.meta.url));
const [rounds = '15', node = process.execPath] = process.argv.slice(2);

/** Runs Node to its end; wall and processor time in s. */
function run(words: readonly string[]): { readonly wall: number; readonly cpu: number } {
  const before = cpuOfChildren();
  const began = performance.now();
  const { status, stderr } = spawnSync(node, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const wall = (performance.now() - began) / 1000;
  if (status !== 0) throw new Error(`${words.join(' ')} failed: ${stderr.toString()}`);
  return { wall, cpu: cpuOfChildren() - before };
}

/** proc(5): cutime and cstime, in ticks of 10 ms. */
function cpuOfChildren(): number {
  const values = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(values[13]) + Number(values[14])) / 100;
}

const bundle = await mkdtemp(join(tmpdir(), 'bundle-'));
const place = await makePlace(`mta: {honours: []}\nlogs: [{path: ${SAMPLE_LOG}, timezone: UTC}]\n`);
try {
  run([BUNDLE, bundle]);
  const program = join(bundle, 'main.mjs');
  const options = ['--config', place.config, '--now', MORNING_AFTER];
  run([program, 'run', '--offline', ...options]);
  const nothing = [];
  const status = [];
  for (let round = 0; round < Number(rounds); round++) {
    nothing.push(run(['-e', '0']));
    status.push(run([program, 'status', ...options]));
  }
  for (const [name, runs] of [
    ['node -e 0', nothing],
    ['status', status],
  ] as const) {
    const walls = runs.map(({ wall }) => wall);
    const cpu = median(runs.map((one) => one.cpu)).toFixed(2);
    console.log(
      `${name}: wall ${Math.min(...walls).toFixed(2)} at best, ${median(walls).toFixed(2)} s in the middle; processor ${cpu} s`,
    );
  }
} finally {
  await place.remove();
  await rm(bundle, { recursive: true });
}
