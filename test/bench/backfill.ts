/**
 * `npm run bench`: how long `backfill` takes for the log of a busy Postfix host, start-up and commits included, beside
 * programs that read the same bytes. Ratios are taken between runs that follow each other at once.
 *   --mib N (512)   --rounds N (3)   --pflogsumm (that one too, once)   --node PATH (of another Node)
 *   --threads N (backfill by so many as well, beside one)   --days N (and of so many such logs, a .gz each)
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeBusyLog } from './busy-log.ts';
import { bundled, Comparison, type Pair, say } from './compare.ts';

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '512' },
    rounds: { type: 'string', default: '3' },
    pflogsumm: { type: 'boolean', default: false },
    node: { type: 'string', default: process.execPath },
    threads: { type: 'string' },
    days: { type: 'string', default: '0' },
  },
});
const MIB = Number(values.mib);
const ROUNDS = Number(values.rounds);
const DAYS = Number(values.days);
/** A name, and words of the command line: by itself the program reads in as many threads as suit the machine. */
const WAYS: readonly (readonly [name: string, threads: string])[] = [
  ['backfill', '1'],
  ...(values.threads === undefined ? [] : [[`backfill by ${values.threads}`, values.threads] as const]),
];
const PATTERN = 'postfix/smtp\\[[0-9]+\\]: .*(TLS connection established|status=)';
/** Ours, theirs, and the goal of the ratio. */
const PAIRS: readonly Pair[] = [
  ['backfill', 'grep -E > file', 'at most 1.0'],
  ['backfill .gz', 'gzip -dc', 'at most 0.6'],
  ['backfill', 'wc -l', ''],
  ...WAYS.slice(1).map(([name]): Pair => [name, 'backfill', '']),
  ...(DAYS > 0 ? WAYS.slice(1).map(([name]): Pair => [`${name}, days`, 'backfill, days', '']) : []),
];

if (values.pflogsumm && spawnSync('pflogsumm', ['--version']).error !== undefined) {
  say('pflogsumm is not installed: `apt-get install pflogsumm`, or leave out --pflogsumm');
  process.exit(69);
}
const place = mkdtempSync(join(tmpdir(), 'tlsrpt-bench-'));
try {
  await bench(place);
} finally {
  rmSync(place, { recursive: true, force: true });
}

async function bench(directory: string): Promise<void> {
  const log = join(directory, 'mail.log');
  const { lines } = writeBusyLog(log, MIB * 1_048_576);
  const packed = `${log}.1.gz`;
  const zipped = spawnSync('sh', ['-c', 'gzip -c -- "$1" > "$2"', 'sh', log, packed]);
  if (zipped.status !== 0) throw new Error('gzip failed');
  say(`${MIB} MiB, ${lines} lines; .gz ${Math.round(statSync(packed).size / 1_048_576)} MiB`);
  const days = writeDays(directory);
  const comparison = new Comparison(bundled(directory, values.node));
  const filtered = join(directory, 'filtered');
  for (let round = 0; round < ROUNDS; round++) {
    await comparison.run('wc -l', ['wc', '-l', log]);
    await comparison.run('grep -E > file', ['grep', '-E', PATTERN, log], filtered);
    for (const [name, threads] of WAYS)
      await comparison.backfill(name, directory, [log], ['--threads', threads]);
    await comparison.run('gzip -dc', ['gzip', '-dc', packed]);
    await comparison.backfill('backfill .gz', directory, [packed]);
    for (const [name, threads] of DAYS > 0 ? WAYS : [])
      await comparison.backfill(`${name}, days`, directory, days, ['--threads', threads]);
  }
  if (values.pflogsumm) await comparison.run('pflogsumm', ['pflogsumm', log]);
  comparison.report(PAIRS);
  if (!values.pflogsumm) return;
  const slower = comparison.seconds('pflogsumm') / comparison.seconds('backfill');
  say(`pflogsumm / backfill: ${slower.toFixed(1)}; goal: at least 25`);
}

/** One long log, a day in each file, as logrotate leaves them: the higher the number, the older. Returns their paths. */
function writeDays(directory: string): string[] {
  if (DAYS === 0) return [];
  const whole = join(directory, 'days.log');
  writeBusyLog(whole, DAYS * MIB * 1_048_576);
  const script = 'cd "$1" && split -n "l/$2" -d days.log part. && rm days.log && gzip -1 part.*';
  const split = spawnSync('sh', ['-c', script, 'sh', directory, values.days]);
  if (split.status !== 0) throw new Error('the days could not be split');
  const parts = readdirSync(directory).filter((name) => name.startsWith('part.'));
  return parts.sort().map((name, at) => {
    const path = join(directory, `days.log.${DAYS - at}.gz`);
    renameSync(join(directory, name), path);
    return path;
  });
}
