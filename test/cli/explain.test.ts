import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTxtServer, type TxtServer } from '../receivers/dns.ts';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

const GOOD = fileURLToPath(
  new URL('../../samples/postfix/a-good-session-with-tls-1.3/input.log', import.meta.url),
);

/** A line of `explain --json`; only what is looked at here. */
interface Line {
  readonly kind: string;
  readonly line?: number;
  readonly rule?: string;
  readonly sessions: readonly {
    readonly recipientDomain: string;
    readonly outcome: string;
    readonly day: string;
    readonly report?: readonly {
      readonly state: string;
      readonly reportId?: string;
      readonly policyType: string;
    }[];
  }[];
}

let place: Place;
let dns: TxtServer;
beforeEach(async () => {
  dns = await startTxtServer((name) =>
    name === '_smtp._tls.ok.test' ? ['v=TLSRPTv1; rua=mailto:tls@ok.test'] : undefined,
  );
  place = await makePlace(
    `dns: {servers: ["${dns.address}"]}\nmta: {honours: []}\nmail: {via: "smtp://127.0.0.1:1", dkim: mta}\ndelivery: {allow-private: true}\n`,
  );
});
afterEach(async () => {
  await Promise.all([dns.close(), place.remove()]);
});

const explain = async (...words: string[]) => {
  const result = await runCli(['explain', ...words, '--timezone', 'UTC', '--now', MORNING_AFTER]);
  return { ...result, lines: () => result.json() as Line[] };
};

describe('for people', () => {
  it('shows the line, its rule, what it says and the session it made', async () => {
    const { code, stdout, stderr } = await explain(GOOD);
    expect(code).toBe(0);
    expect(stdout).toContain('tls-established  ');
    expect(stdout).toContain('Trusted TLS connection established to mx.wildcard.test[10.77.1.5]:25');
    expect(stdout).toContain('→ session of 2026-11-23T19:31:35Z for wildcard.test: success, by tls-line');
    expect(stderr).toContain('6 lines read, 2 of them postfix');
  });

  it('lets no control byte of a log through to the terminal', async () => {
    const log = (await readFile(GOOD, 'utf8')).replace('250 2.0.0', '250 \u001b[2J\u202e');
    const { stdout } = await explain(await place.write('mail.log', log));
    expect(stdout).toContain('250 ?[2J?');
    expect(stdout).not.toContain('\u001b');
  });
});

describe('as configured', () => {
  const SMART = `Nov 23 18:00:00 mta1 postfix/smtp[100]: Trusted TLS connection established to smtp.isp.example[192.0.2.25]:587: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
Nov 23 18:00:00 mta1 postfix/smtp[100]: 4ZBBBB0XyzBCDF: to=<u@example.org>, relay=smtp.isp.example[192.0.2.25]:587, delay=1, delays=0/0/0.5/0.5, dsn=2.0.0, status=sent (250 ok)
`;
  const plain = async (...words: string[]) =>
    (await runCli(['explain', '--json', ...words, '--now', MORNING_AFTER])).json() as Line[];
  const sessionsOf = (lines: readonly Line[]) => lines.flatMap(({ sessions }) => sessions);

  it('reads a file of a configured log, and its rotations, as the log is read', async () => {
    const configured = await makePlace(
      'mta: {honours: []}\nlogs: [{path: mail.log, timezone: Asia/Tokyo, host: mta1, relayhosts: ["[smtp.isp.example]:587"]}]\n',
    );
    const live = await configured.write('mail.log', SMART);
    const rotated = await configured.write('mail.log.1', SMART);
    const copy = await configured.write('copy.log', SMART);
    const counted = [
      { recipientDomain: 'smtp.isp.example', day: '2026-11-23', time: '2026-11-23T09:00:00Z' },
    ];
    for (const file of [live, rotated]) {
      const found = sessionsOf(await plain(file, '--config', configured.config));
      expect(found).toMatchObject(counted);
    }
    const told = sessionsOf(await plain(live, '--config', configured.config, '--timezone', 'UTC'));
    expect(told).toMatchObject([{ time: '2026-11-23T18:00:00Z' }]);
    const elsewhere = sessionsOf(await plain(copy, '--config', configured.config, '--timezone', 'UTC'));
    expect(elsewhere).toMatchObject([{ recipientDomain: 'example.org' }]);
    await configured.remove();
  });

  it('takes the parser of the log, and of two in one file the one that is named', async () => {
    const exim = fileURLToPath(new URL('../../samples/exim', import.meta.url));
    const [name = ''] = await readdir(exim);
    const log = join(exim, name, 'input.log');
    const configured = await makePlace(
      `mta: {honours: []}\nlogs: [{path: ${log}, parser: exim}, {path: ${log}, parser: postfix}]\n`,
    );
    const how = ['--config', configured.config, '--now', MORNING_AFTER];
    const both = await runCli(['explain', log, ...how]);
    expect(both.stderr).toMatch(/of them exim's[\s\S]*of them postfix's/);
    const one = await runCli(['explain', log, '--parser', 'postfix', ...how]);
    expect(one.stderr).not.toContain("exim's");
    await configured.remove();
  });
});

describe('in the ledger', () => {
  it('finds the report each session went into, and those that wait', async () => {
    const known = ['--config', place.config, '--now', MORNING_AFTER];
    expect(
      (await runCli(['backfill', SAMPLE_LOG, '--timezone', 'UTC', '--host', 'mta1', ...known])).code,
    ).toBe(0);
    await runCli(['send', ...known]);
    const { lines } = await explain(SAMPLE_LOG, '--json', '--config', place.config);
    const sessions = lines().flatMap((line) => line.sessions);
    const states = (domain: string) =>
      sessions
        .filter((one) => one.recipientDomain === domain)
        .map((one) => one.report?.map(({ state }) => state));
    expect(states('ok.test').length).toBeGreaterThan(0);
    expect(new Set(states('ok.test').flat())).toEqual(new Set(['reported']));
    expect(new Set(states('tls12.test').flat())).toEqual(new Set(['waiting']));
    const reported = sessions.find((one) => one.recipientDomain === 'ok.test')?.report?.[0];
    expect(reported?.reportId).toMatch(/ok\.test/);
    expect(reported?.policyType).toBe('no-policy-found');
    expect(sessions.filter((one) => one.report === undefined)).toEqual([]);
    const text = await explain(SAMPLE_LOG, '--domain', 'ok.test', '--config', place.config);
    expect(text.stdout).toMatch(/in report \S+: no-policy-found ok\.test, success/);
  });

  it('changes nothing', async () => {
    await explain(SAMPLE_LOG, '--config', place.config);
    const [status] = (
      await runCli(['status', '--json', '--config', place.config, '--now', MORNING_AFTER])
    ).json();
    expect(status).toMatchObject({ logs: [], days: [] });
  });

  it('says of a session it does not hold nothing', async () => {
    const { lines } = await explain(GOOD, '--json', '--config', place.config);
    expect(lines().flatMap((line) => line.sessions)).toMatchObject([{ recipientDomain: 'wildcard.test' }]);
    expect(lines().flatMap((line) => line.sessions)[0]).not.toHaveProperty('report');
  });
});

describe('what is shown', () => {
  it('is chosen by queue id, domain and line', async () => {
    const byId = await explain(SAMPLE_LOG, '--json', '--queue-id', '98576216D83');
    expect(byId.lines().map(({ rule }) => rule)).toEqual(['tls-established', 'delivery']);
    const numbers = byId.lines().map(({ line }) => line ?? 0);
    const byLines = await explain(SAMPLE_LOG, '--json', '--lines', `${numbers[0]}-${numbers[1]}`);
    expect(byLines.lines().filter(({ line }) => numbers.includes(line ?? 0))).toEqual(byId.lines());
    const byDomain = await explain(SAMPLE_LOG, '--json', '--domain', 'wildcard.test');
    expect(byDomain.lines()).toEqual(expect.arrayContaining(byId.lines()));
  });

  it('must be asked for in words there are', async () => {
    expect(await explain(GOOD, '--lines', 'five')).toMatchObject({ code: 64 });
    expect((await explain(GOOD, '--lines', 'five')).stderr).toContain('line numbers such as 120-180');
    for (const lines of ['9-3', '0-3'])
      expect((await explain(GOOD, '--lines', lines)).stderr).toContain(
        'from a line, the first being 1, to a later one',
      );
    expect(await explain()).toMatchObject({ code: 64 });
    expect((await explain(place.path('none.log'))).code).toBe(65);
    expect((await explain(GOOD, '--config', place.path('none.yaml'))).code).toBe(78);
  });
});

describe('--parser auto', () => {
  const EXIM = fileURLToPath(new URL('../lab/exim-debian/mainlog', import.meta.url));

  it('reads a mixed file by each parser its lines call for, and says which and why', async () => {
    const mixed = await place.write(
      'mixed.log',
      `${await readFile(GOOD, 'utf8')}${await readFile(EXIM, 'utf8')}`,
    );
    const { stderr, lines } = await explain(mixed, '--json', '--parser', 'auto');
    expect(stderr).toContain(`${mixed}: read as postfix (line 4), exim (line 11)`);
    const told = lines().flatMap((line) => line.sessions);
    const read = async (file: string, parser: string) =>
      (
        await runCli(['sessions', file, '--parser', parser, '--timezone', 'UTC', '--now', MORNING_AFTER])
      ).json();
    const both = [...(await read(GOOD, 'postfix')), ...(await read(EXIM, 'exim'))];
    expect(told.map((one) => JSON.stringify(one)).sort()).toEqual(
      both.map((one) => JSON.stringify(one)).sort(),
    );
    expect((await read(mixed, 'auto')).map((one) => JSON.stringify(one)).sort()).toEqual(
      both.map((one) => JSON.stringify(one)).sort(),
    );
  });

  it('refuses what is no log of an MTA, and standard input', async () => {
    const other = await explain(await place.write('other.log', 'hello\n'), '--parser', 'auto');
    expect(other.code).toBe(65);
    expect(other.stderr).toContain('no line looks like one of an MTA known here');
    const piped = await explain('-', '--parser', 'auto');
    expect(piped.code).toBe(64);
  });
});
