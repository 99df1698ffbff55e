/**
 * `npm run bench:journal`: how long `run --offline` takes for a journal of a busy Postfix host, start-up and commits
 * included, beside the `journalctl -o json` that it reads from, alone. The journal is made by systemd-journal-remote.
 *   --mib N of log that goes into the journal (32)   --rounds N (3)
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { JournalMaker } from '../e2e/journal-maker.ts';
import { writeBusyLog } from './busy-log.ts';
import { bundled, Comparison, say } from './compare.ts';

const { values } = parseArgs({
  options: { mib: { type: 'string', default: '32' }, rounds: { type: 'string', default: '3' } },
});
/** What the busy log's lines are written before. */
const LATEST = Date.UTC(2026, 10, 20);
const UNIT = 'postfix@-.service';

const place = mkdtempSync(join(tmpdir(), 'tlsrpt-bench-journal-'));
try {
  const log = join(place, 'mail.log');
  const { lines } = writeBusyLog(log, Number(values.mib) * 1_048_576);
  const directory = join(place, 'journal');
  new JournalMaker(directory).addLog(readFileSync(log, 'latin1').trimEnd().split('\n'), LATEST);
  const config = join(place, 'config.yaml');
  const state = join(place, 'state');
  writeFileSync(
    config,
    `organization: Bench
contact: tls@bench.example
state: ${state}
logs: [{parser: postfix, journal: {units: ["${UNIT}"], directory: ${directory}}}]
`,
  );
  say(`a journal of ${lines} entries, ${values.mib} MiB as a syslog`);
  const program = bundled(place);
  const comparison = new Comparison(program);
  const selection = ['--no-pager', `--unit=${UNIT}`, `--directory=${directory}`];
  for (let round = 0; round < Number(values.rounds); round++) {
    await comparison.run('journalctl', ['journalctl', '-o', 'json', ...selection]);
    rmSync(state, { recursive: true, force: true });
    const words = ['run', '--offline', '--quiet', '--config', config];
    await comparison.run('run', [...program, ...words]);
  }
  comparison.report([['run', 'journalctl', '']]);
} finally {
  rmSync(place, { recursive: true, force: true });
}
