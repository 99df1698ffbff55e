import { afterAll, beforeAll, expect, it } from 'vitest';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

interface Row {
  readonly domain: string;
  readonly sessions: number;
  readonly passes: number;
  readonly fails: number;
  readonly unproven: number;
  readonly failing: Record<string, number>;
  readonly unknown: Record<string, number>;
  readonly hosts: string[];
}

let place: Place;
let options: string[];
beforeAll(async () => {
  place = await makePlace();
  options = ['--config', place.config, '--now', MORNING_AFTER];
  await runCli(['backfill', SAMPLE_LOG, '--timezone', 'UTC', '--host', 'mta1', ...options]);
});
afterAll(() => place.remove());

async function postures(...words: string[]): Promise<Map<string, Row>> {
  const result = await runCli(['posture', '--json', ...words, ...options]);
  expect(result.code).toBe(0);
  return new Map((result.json() as Row[]).map((row) => [row.domain, row]));
}

it('encrypt: names the receivers without STARTTLS, and no others', async () => {
  const found = await postures('--level', 'encrypt');
  expect(found.get('sts-nostarttls.test')).toMatchObject({
    sessions: 2,
    fails: 2,
    failing: { plaintext: 2 },
    hosts: ['mx.sts-nostarttls.test'],
  });
  expect(found.get('hsreset.test')?.failing).toHaveProperty('handshake');
  for (const domain of ['ok.test', 'selfsigned.test', 'expired.test', 'dane-ok.example'])
    expect([...found.keys()]).not.toContain(domain);
});

it('verify: tells bad certificates from names nobody compared', async () => {
  const found = await postures('--level', 'verify', '--unproven');
  expect(found.get('selfsigned.test')).toMatchObject({
    failing: { untrusted: expect.any(Number) },
    unproven: 0,
  });
  expect(found.get('ok.test')).toMatchObject({ fails: 0, unknown: { 'name-unchecked': expect.any(Number) } });
  expect(found.get('sts-nostarttls.test')?.failing).toEqual({ plaintext: 2 });
});

it('dane: believes the log, and does not guess where nobody looked', async () => {
  const found = await postures('--level', 'dane', '--unproven');
  expect([...found.values()].filter((row) => row.failing['dane-broken'] !== undefined)).not.toEqual([]);
  expect(found.get('ok.test')).toMatchObject({ fails: 0, unknown: { 'no-lookup': expect.any(Number) } });
});

it('counts every session once', async () => {
  for (const level of ['encrypt', 'dane', 'verify']) {
    for (const row of (await postures('--level', level, '--unproven')).values())
      expect(row.passes + row.fails + row.unproven).toBe(row.sessions);
  }
});

it('prints a table, the reasons in words, and a sum', async () => {
  const { stdout } = await runCli(['posture', ...options]);
  expect(stdout).toMatch(/^domain +sessions +would fail +unproven +fate +last +why +MX hosts$/m);
  expect(stdout).toContain('plaintext: mail went in clear text');
  expect(stdout).toMatch(/^\d+ of \d+ domains would break with smtp_tls_security_level = encrypt/m);
});

it('keeps to a domain and to a time', async () => {
  expect([...(await postures('--domain', 'STS-NoStartTLS.test')).keys()]).toEqual(['sts-nostarttls.test']);
  expect((await postures('--since', '2026-11-24')).size).toBe(0);
});

it('refuses a level it does not know', async () => {
  const { code, stderr } = await runCli(['posture', '--level', 'high', ...options]);
  expect(code).toBe(64);
  expect(stderr).toContain('encrypt');
});

it('fits the terminal, and cuts nothing elsewhere', async () => {
  const words = ['posture', '--level', 'verify', '--unproven', ...options];
  for (const columns of [80, 50]) {
    const { stdout } = await runCli(words, { columns });
    expect(stdout.split('\n').filter((line) => line.length > columns)).toEqual([]);
    expect(stdout).toContain('…');
  }
  expect((await runCli(words)).stdout).not.toMatch(/\S…/);
});

it('shows reports that fit the terminal, and whole ones elsewhere', async () => {
  for (const columns of [80, 50]) {
    const { stdout } = await runCli(['report', ...options], { columns });
    // A policy string, or an id, stands as it is: cut, nobody could copy it.
    const wide = stdout
      .split('\n')
      .filter((line) => line.length > columns && !/^ +(?:report-id )?\S+$/.test(line));
    expect(wide).toEqual([]);
  }
  expect((await runCli(['report', ...options])).stdout).not.toContain('…');
});
