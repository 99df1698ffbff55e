/**
 * `npm run bench`: how long `backfill` takes for the log of a busy Postfix host, start-up and commits included, beside
 * programs that read the same bytes. Ratios are taken between runs that follow each other at once.
 *   --mib N (512)   --rounds N (3)   --pflogsumm (that one too, once)
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeBusyLog } from './busy-log.ts';
import { type Measured, measure, median } from './measure.ts';

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '512' },
    rounds: { type: 'string', default: '3' },
    pflogsumm: { type: 'boolean', default: false },
  },
});
const MIB = Number(values.mib);
const ROUNDS = Number(values.rounds);
const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const PATTERN = 'postfix/smtp\\[[0-9]+\\]: .*(TLS connection established|status=)';
/** Ours, theirs, and the goal of the ratio. */
const PAIRS = [
  ['backfill', 'grep -E > file', 'at most 1.0'],
  ['backfill .gz', 'gzip -dc', 'at most 0.6'],
  ['backfill', 'wc -l', ''],
] as const;

const place = mkdtempSync(join(tmpdir(), 'tlsrpt-bench-'));
try {
  await bench(place);
} finally {
  rmSync(place, { recursive: true, force: true });
}

async function bench(directory: string): Promise<void> {
  if (!existsSync(PROGRAM)) throw new Error('build it first: npm run build');
  const log = join(directory, 'mail.log');
  const { lines } = writeBusyLog(log, MIB * 1_048_576);
  const packed = `${log}.1.gz`;
  const zipped = spawnSync('sh', ['-c', 'gzip -c -- "$1" > "$2"', 'sh', log, packed]);
  if (zipped.status !== 0) throw new Error('gzip failed');
  say(`${MIB} MiB, ${lines} lines; .gz ${Math.round(statSync(packed).size / 1_048_576)} MiB`);
  const rows = new Map<string, Measured[]>();
  const run = async (name: string, command: readonly [string, ...string[]], output?: string) => {
    const measured = await measure(command, output);
    rows.set(name, [...(rows.get(name) ?? []), measured]);
  };
  const filtered = join(directory, 'filtered');
  for (let round = 0; round < ROUNDS; round++) {
    await run('wc -l', ['wc', '-l', log]);
    await run('grep -E > file', ['grep', '-E', PATTERN, log], filtered);
    await backfill(directory, 'backfill', log, run);
    await run('gzip -dc', ['gzip', '-dc', packed]);
    await backfill(directory, 'backfill .gz', packed, run);
  }
  if (values.pflogsumm) await run('pflogsumm', ['pflogsumm', log]);
  report(rows);
}

/** Into a ledger of its own, so that every run commits the same. */
async function backfill(
  directory: string,
  name: string,
  log: string,
  run: (name: string, command: readonly [string, ...string[]]) => Promise<void>,
): Promise<void> {
  const state = join(directory, 'state');
  rmSync(state, { recursive: true, force: true });
  const words = [
    'backfill',
    log,
    '--offline',
    '--quiet',
    '--timezone',
    'UTC',
    '--host',
    'mail7',
    '--state',
    state,
  ];
  await run(name, [process.execPath, PROGRAM, ...words]);
}

function report(rows: ReadonlyMap<string, readonly Measured[]>): void {
  for (const [name, runs] of rows) {
    const peak = Math.max(...runs.map(({ peakMiB }) => peakMiB));
    const wall = runs.map(({ seconds }) => seconds.toFixed(2)).join(' ');
    say(`${name.padEnd(16)} ${wall} s, peak ${peak} MiB`);
  }
  for (const [ours, other, goal] of PAIRS) {
    const theirs = rows.get(other) ?? [];
    const ratios = (rows.get(ours) ?? []).map(
      ({ seconds }, at) => seconds / (theirs[at]?.seconds ?? Number.NaN),
    );
    const each = ratios.map((ratio) => ratio.toFixed(2)).join(' ');
    say(`${ours} / ${other}: ${median(ratios).toFixed(2)} (${each})${goal === '' ? '' : `; goal: ${goal}`}`);
  }
  const slow = rows.get('pflogsumm')?.[0];
  if (slow === undefined) return;
  const ours = median((rows.get('backfill') ?? []).map(({ seconds }) => seconds));
  say(`pflogsumm / backfill: ${(slow.seconds / ours).toFixed(1)}; goal: at least 25`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
