/**
 * `npm run bench:exim`: how long `backfill` takes for the mainlog of a busy Exim host, start-up and commits included,
 * beside `grep` for its deliveries and Exim's own `eximstats`, which comes out of Debian's package, unpacked and not
 * installed.
 *   --mib N (128)   --rounds N (3)   --node PATH (of another Node)
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundled, Comparison, say } from './compare.ts';
import { writeEximLog } from './exim-log.ts';

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '128' },
    rounds: { type: 'string', default: '3' },
    node: { type: 'string', default: process.execPath },
  },
});
const PATTERN = ' (=>|->|==|\\*\\*) ';

const place = mkdtempSync(join(tmpdir(), 'tlsrpt-bench-exim-'));
try {
  const log = join(place, 'mainlog');
  const { lines } = writeEximLog(log, Number(values.mib) * 1_048_576);
  const eximstats = unpackEximstats(place);
  say(`${values.mib} MiB of mainlog, ${lines} lines`);
  const comparison = new Comparison(bundled(place, values.node));
  for (let round = 0; round < Number(values.rounds); round++) {
    await comparison.run('grep -E > file', ['grep', '-E', PATTERN, log], join(place, 'filtered'));
    await comparison.backfill('backfill', place, [log], ['--parser', 'exim']);
  }
  await comparison.run('eximstats', ['perl', eximstats, log]);
  comparison.report([['backfill', 'grep -E > file', '']]);
  const slower = comparison.seconds('eximstats') / comparison.seconds('backfill');
  say(`eximstats / backfill: ${slower.toFixed(1)}`);
} finally {
  rmSync(place, { recursive: true, force: true });
}

function unpackEximstats(directory: string): string {
  const archives = join(directory, 'archives');
  mkdirSync(archives);
  const words = ['download', '-q', '-o', 'APT::Sandbox::User=root', 'exim4-base'];
  execFileSync('apt-get', words, { cwd: archives, stdio: 'pipe' });
  const root = join(directory, 'root');
  for (const archive of readdirSync(archives))
    execFileSync('dpkg-deb', ['-x', join(archives, archive), root]);
  return join(root, 'usr/sbin/eximstats');
}
