import { readdir, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLedger } from '../../src/ledger/open.ts';
import { openSqlite } from '../../src/ledger/sqlite.ts';
import { statusSchema } from '../../src/status/schema.ts';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace(
    `mta: {honours: []}\nlogs: [{path: ${SAMPLE_LOG}, timezone: UTC, host: mta1}, {path: late.log, host: mta1}]\n`,
  );
});
afterEach(() => place.remove());

const at = (now: string, ...words: string[]) => runCli([...words, '--now', now, '--config', place.config]);
const command = (...words: string[]) => at(MORNING_AFTER, ...words);
const narrow = (...words: string[]) =>
  runCli([...words, '--now', MORNING_AFTER, '--config', place.config], { columns: 80 });

async function statusOf(...words: string[]) {
  const [found] = (await command('status', '--json', ...words)).json();
  return statusSchema.parse(found);
}

/** A ledger with more of everything than fits a screen, and texts that are too long. */
async function crowded(): Promise<void> {
  await command('backfill', SAMPLE_LOG, '--timezone', 'UTC', '--host', 'mta1');
  const ledger = await openLedger(place.path('state'));
  for (let i = 0; i < 30; i++) {
    const path = `/srv/archive/of/a/host/with/a/very/long/name/number-${i}/mail.log`;
    await ledger.log(`mta${i}.outbound.example.com`, 'postfix', path);
    await ledger.checkIn(`mta${i}.outbound.example.com`, i < 20 ? '0.1.0' : '0.0.9', i);
    const domain = `receiver-${i}.example`;
    const report = { day: '2026-11-22', domain, revision: 1, reportId: `r${i}`, json: '{}', builtAt: 0 };
    const rua = `mailto:tls-reports-for-everybody@mail.subdomain.${domain}`;
    const { id: reportId } = await ledger.freeze(report, [], [{ rua, state: 'due', notBefore: 0 }]);
    const [row] = await ledger.outbox({ reportId });
    const lastResult = `451 4.7.1 come back later, ${'please '.repeat(20)}`;
    await ledger.moveOutbox(row?.id ?? 0, 'due', { state: 'retry', attempts: 3, lastResult });
  }
  await ledger.close();
}

describe('status', () => {
  it('fits 80 columns, folds what is long, and cuts no number', async () => {
    await crowded();
    const { stdout, code } = await narrow('status');
    expect(code).toBe(0);
    // Only a word that is wider than the screen, such as a path, may stand out: cut, nobody could copy it.
    const wide = stdout.split('\n').filter((line) => line.length > 80 && !/^ +(?:! )?\S+$/.test(line));
    expect(wide).toEqual([]);
    expect(stdout.split('\n').length).toBeLessThan(60);
    expect(stdout).toMatch(/and 26 more logs \(--json shows all\)/);
    expect(stdout).toMatch(/and 25 more; versions: 0\.0\.9 \(10\), 0\.1\.0 \(20\), unknown \(1\)/);
    expect(stdout).toMatch(/and 24 more \(--json shows all\)/);
    expect(stdout).toMatch(/2026-11-22 +receiver-0\S* +…\S+\.example +retry +3 +\d\d-\d\d \d\d:\d\d +451 4/);
    expect(stdout).toMatch(/…\S*\d+\/mail\.log/);
    expect(stdout).toContain('155 tls-line (97.5 %), 4 inferred (2.5 %)');
    // Who pipes it elsewhere gets whole words.
    expect((await command('status')).stdout).toContain(
      'mailto:tls-reports-for-everybody@mail.subdomain.receiver-0.example',
    );
  });

  it('fits 50 columns, too', async () => {
    await crowded();
    const { stdout } = await runCli(['status', '--now', MORNING_AFTER, '--config', place.config], {
      columns: 50,
    });
    expect(stdout.split('\n').filter((line) => line.length > 50 && !/^ +(?:! )?\S+$/.test(line))).toEqual([]);
  });

  it('fits a screen with 30 hosts that are all in trouble', async () => {
    const names = Array.from({ length: 30 }, (_, i) => place.path(`mail-with-a-rather-long-name-${i}.log`));
    const logs = names.map((path, i) => `  - {path: ${path}, timezone: UTC, host: mta${i}}\n`).join('');
    await place.write(
      'config.yaml',
      `organization: R\ncontact: tls@reports.example\nstate: ${place.path('state')}\nmta: {honours: []}\nlogs:\n${logs}`,
    );
    const lines = await readFile(SAMPLE_LOG, 'utf8');
    // Each tells of a day of its own, and most of them were silent long since.
    for (const [i, path] of names.entries())
      await writeFile(path, lines.replace(/^Nov 23/gm, `Nov ${String(i + 1).padStart(2)}`));
    await at('2026-12-01T00:00:00Z', 'run', '--offline');
    const wide = (now: string) => runCli(['status', '--now', now, '--config', place.config], { columns: 80 });
    const { stdout } = await wide('2026-12-01T00:20:00Z');
    expect(stdout.split('\n').length).toBeLessThan(61);
    expect(stdout).toMatch(/warning +\S+-0\.log: no line of\s+the MTA since[\s\S]+and 26 more such findings/);
    expect(stdout).toMatch(/! on 30 logs: Mail leaves through a smart host/);
    expect(stdout).toMatch(/! 30 hosts are late: mta0, mta1, mta10, mta11, mta12 and 25 more/);
    const check = await at('2026-12-01T00:20:00Z', 'status', '--check');
    expect(check.stdout.split('|')[0]?.match(/no line of the MTA/g)).toHaveLength(1);
  });

  it('prints what docs/status-json.md says', async () => {
    await crowded();
    const found = await statusOf();
    expect(found).toMatchObject({
      state: 'critical',
      ledger: { exists: true, oldestDay: '2026-11-23' },
      sessions: { byBasis: { 'tls-line': 155, inferred: 4 }, own: 0 },
      outbox: { retry: 30 },
      recent: { sent: 0, retry: 30, givenUp: 0 },
    });
    expect(found.failing).toHaveLength(30);
    expect(found.ledger.sizeBytes).toBeGreaterThan(10_000);
    expect(found.logs.find(({ name }) => name === SAMPLE_LOG)).toMatchObject({
      configured: true,
      lagSeconds: 0,
      segments: 1,
      position: { path: SAMPLE_LOG },
    });
  });

  it('asks an untouched host without touching it', async () => {
    const { stdout, code } = await command('status');
    expect(code).toBe(0);
    expect(stdout).toContain('nothing was read yet');
    expect(stdout).toMatch(/late\.log +mta1 +postfix +- +never/);
    expect(stdout).toContain('there is none yet');
    expect(await readdir(place.directory)).toEqual(['config.yaml']);
    expect((await statusOf()).ledger.exists).toBe(false);
  });

  it('shows an empty ledger for what it is', async () => {
    await (await openLedger(place.path('state'))).close();
    const { stdout, code } = await command('status');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Days \(UTC\)\n {2}no sessions yet/);
    expect(stdout).toMatch(/Outbox\n {2}empty/);
  });

  it('names a ledger that is newer than the program, and a configuration that is broken', async () => {
    const database = openSqlite(place.path('state'));
    await database.query('CREATE TABLE meta (name TEXT PRIMARY KEY, content TEXT NOT NULL)');
    await database.query("INSERT INTO meta (name, content) VALUES ('schema', '999')");
    await database.close();
    expect(await command('status')).toMatchObject({
      code: 78,
      stderr: expect.stringMatching(
        /newer maillog-tlsrpt \(schema 999\)[\s\S]*state[\s\S]*install the newer program/,
      ),
    });
    expect(await command('status', '--check')).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^TLSRPT UNKNOWN: the ledger was written by a newer .*\n$/),
    });
    await writeFile(place.config, 'organization: [\n');
    expect(await command('status')).toMatchObject({
      code: 78,
      stderr: expect.stringMatching(/not valid YAML[\s\S]*config\.yaml:\d+:\d+/),
    });
    expect(await command('status', '--check')).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^TLSRPT UNKNOWN: .*config\.yaml.*\n$/),
    });
  });
});

describe('status --check', () => {
  it('is critical while nothing is read, quiet when all is, and worse the longer ago that is', async () => {
    const untouched = await command('status', '--check');
    expect(untouched).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/^TLSRPT CRITICAL: .* was never read/),
    });
    await place.write(
      'late.log',
      '2026-11-23T10:00:01Z mail postfix/smtp[1]: connect to a.test[192.0.2.1]:25: Connection refused\n',
    );
    await at('2026-11-24T00:30:00Z', 'run', '--offline');
    const fine = await at('2026-11-24T00:30:00Z', 'status', '--check');
    expect(fine.stdout).toMatch(
      /^TLSRPT OK: 2 logs read, 159 sessions on 2026-11-23 \| lag=0s;3600;10800;0 sessions=159;;;0 .* ledger=\d+B;;;0\n$/,
    );
    expect(fine).toMatchObject({ code: 0, stderr: '' });
    expect(await at('2026-11-24T01:30:00Z', 'status', '--check')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^TLSRPT WARNING: .* was not read to its end since 2026-11-24T00:30:00Z/),
    });
    expect(await at('2026-11-24T03:30:00Z', 'status', '--check')).toMatchObject({ code: 2 });
    expect(await at('2026-11-24T03:30:00Z', 'status', '--check', '--max-lag', '24')).toMatchObject({
      code: 0,
    });
  });

  it('keeps to one line, whatever a log is called', async () => {
    const odd = await makePlace('logs: [{path: "a | b\\n\\e[31m.log"}]\n');
    try {
      const { stdout, code } = await runCli([
        'status',
        '--check',
        '--now',
        MORNING_AFTER,
        '--config',
        odd.config,
      ]);
      expect(code).toBe(2);
      expect(stdout.match(/\n/g)).toHaveLength(1);
      expect(stdout.match(/\|/g)).toHaveLength(1);
      expect(stdout).not.toContain('\u001b');
    } finally {
      await odd.remove();
    }
  });

  it('takes a wrong option for a usage fault, not for a verdict', async () => {
    expect(await command('status', '--check', '--max-lag', 'soon')).toMatchObject({ code: 64, stdout: '' });
    expect(await command('status', '--check', '--now', 'soon')).toMatchObject({ code: 64, stdout: '' });
  });
});
