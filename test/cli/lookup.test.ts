import type { Answer } from 'dns-packet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FLAGS, replyTo, type ScriptedDns, type Seen, scriptedDns } from '../policy/scripted-dns.ts';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

const DIGEST = 'ab'.repeat(32);
const DOMAIN = 'dane-ok.example';

let place: Place;
let dns: ScriptedDns;

beforeEach(async () => {
  dns = await scriptedDns((seen) =>
    seen.name === 'broken.example'
      ? [replyTo(seen, { rcode: 2 })]
      : [replyTo(seen, { flags: FLAGS.authentic, answers: answers(seen) })],
  );
  place = await makePlace(
    `dns:\n  servers: ["127.0.0.1:${dns.port}"]\n  timeout: 1s\nmta:\n  honours: [dane]\n`,
  );
});

afterEach(async () => {
  await place.remove();
  await dns.close();
});

/** A signed zone with one MX host, its TLSA record, and a TLSRPT record with a flaw. */
function answers({ name, type }: Seen): Answer[] {
  const host = `mx.${DOMAIN}`;
  switch (`${type} ${name}`) {
    case `MX ${DOMAIN}`:
      return [{ type: 'MX', name, ttl: 60, data: { preference: 10, exchange: host } }];
    case `A ${host}`:
      return [{ type: 'A', name, ttl: 60, data: '192.0.2.1' }];
    case `TLSA _25._tcp.${host}`: {
      const certificate = Buffer.from(DIGEST, 'hex');
      return [{ type: 'TLSA', name, ttl: 60, data: { usage: 3, selector: 1, matchingType: 1, certificate } }];
    }
    case `TXT _smtp._tls.${DOMAIN}`:
      return [{ type: 'TXT', name, ttl: 60, data: `v=TLSRPTv1;; rua=ftp://x/,mailto:tls@${DOMAIN}` }];
    default:
      return [];
  }
}

const lookup = (...words: string[]) => runCli(['lookup', ...words, '--server', `127.0.0.1:${dns.port}`]);

describe('lookup', () => {
  it('fits the terminal, and says a reason that is cut there in full below', async () => {
    const words = ['lookup', DOMAIN, 'broken.example', '--server', `127.0.0.1:${dns.port}`];
    for (const columns of [80, 50]) {
      const { stdout } = await runCli(words, { columns });
      // A digest stands as it is: cut, nobody could copy it.
      const wide = stdout.split('\n').filter((line) => line.length > columns && !/^ +\S+$/.test(line));
      expect(wide).toEqual([]);
      expect(stdout.replace(/\s+/g, ' ')).toContain('secure TLSA records');
    }
    expect((await runCli(words)).stdout).not.toContain('…');
  });

  it('shows people what it found, with verdicts and reasons', async () => {
    const { code, stdout } = await lookup(DOMAIN);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mx +good +dane-ok\.example +signed$/m);
    expect(stdout).toMatch(/^dane +good +_25\._tcp\.mx\.dane-ok\.example +secure TLSA records$/m);
    expect(stdout).toContain(`3 1 1 ${DIGEST.toUpperCase()}`);
    expect(stdout).toMatch(/^mta-sts +none +_mta-sts\.dane-ok\.example/m);
    expect(stdout).toMatch(/warning: an empty field/);
    expect(stdout).toMatch(/warning: "ftp:\/\/x\/" is skipped/);
  });

  it('gives machines the same', async () => {
    const [result] = (await lookup('Dane-OK.example.', '--json')).json();
    expect(result).toMatchObject({
      domain: DOMAIN,
      outcome: 'found',
      snapshot: { mx: { state: 'found', secure: true } },
      findings: [
        { what: 'mx', verdict: 'good', values: [`10 mx.${DOMAIN}`] },
        { what: 'dane', verdict: 'good', values: [`3 1 1 ${DIGEST.toUpperCase()}`] },
        { what: 'mta-sts', verdict: 'none' },
        { what: 'tlsrpt', verdict: 'good', values: [`mailto:tls@${DOMAIN}`] },
      ],
    });
  });

  it('tells found, none and temporary by its exit code', async () => {
    expect((await lookup('nothing.example')).code).toBe(69);
    expect((await lookup('broken.example')).code).toBe(75);
    expect((await lookup('nothing.example', DOMAIN)).code).toBe(0);
    expect((await lookup('broken.example', DOMAIN)).code).toBe(75);
  });

  it('refuses what is no domain or no server', async () => {
    expect(await lookup('not a domain')).toMatchObject({ code: 64 });
    expect((await runCli(['lookup'])).code).toBe(64);
    const result = await runCli(['lookup', DOMAIN, '--server', 'dns.example']);
    expect(result.code).toBe(64);
    expect(result.stderr).toContain('--server "dns.example" is no DNS server');
    expect(result.stderr).not.toContain('dns.servers');
  });

  it('takes the servers of the config', async () => {
    expect((await runCli(['lookup', DOMAIN, '--config', place.config])).code).toBe(0);
    expect((await runCli(['lookup', DOMAIN, '--config', place.path('none.yaml')])).code).toBe(78);
  });

  it('records nothing of a domain that could not be looked up', async () => {
    const { code, stdout, stderr } = await lookup('broken.example', '--record');
    expect(code).toBe(75);
    expect(stdout).toBe('');
    expect(stderr).toContain('broken.example');
  });
});

describe('backfill --policies', () => {
  const backfill = (...words: string[]) =>
    runCli([
      'backfill',
      SAMPLE_LOG,
      '--timezone',
      'UTC',
      '--now',
      MORNING_AFTER,
      '--config',
      place.config,
      ...words,
    ]);
  const policyOf = async () => {
    const { json } = await runCli([
      'report',
      '--domain',
      DOMAIN,
      '--json',
      '--config',
      place.config,
      '--now',
      MORNING_AFTER,
    ]);
    const [report] = json() as { policies: { policy: Record<string, unknown> }[] }[];
    return report?.policies.map(({ policy }) => policy);
  };
  const TLSA = {
    'policy-type': 'tlsa',
    'policy-string': [`3 1 1 ${DIGEST.toUpperCase()}`],
    'policy-domain': `mx.${DOMAIN}`,
  };
  const NONE = { 'policy-type': 'no-policy-found', 'policy-domain': DOMAIN };

  it('none: what the log does not prove is no policy, and the summary says so', async () => {
    const { code, stdout } = await backfill();
    expect(code).toBe(0);
    expect(stdout).toContain('policies of the past are unknown');
    expect(await policyOf()).toEqual([NONE]);
    expect(dns.seen).toEqual([]);
  });

  it('now: those of today', async () => {
    const { code, stdout } = await backfill('--policies', 'now');
    expect(code).toBe(0);
    expect(stdout).toContain("today's policies of");
    expect(await policyOf()).toEqual([TLSA]);
  });

  it('a timeline that `lookup --record` made', async () => {
    const [line] = (await lookup(DOMAIN, '--record')).json() as { snapshot: object }[];
    const file = await place.write(
      'policies.jsonl',
      `${JSON.stringify({ ...line, time: '2026-11-01T00:00:00Z' })}\n`,
    );
    const asked = dns.seen.length;
    expect(await backfill('--policies', file, '--offline')).toMatchObject({ code: 0 });
    expect(await policyOf()).toEqual([TLSA]);
    expect(dns.seen).toHaveLength(asked);
  });

  it('refuses a bad timeline before it reads a log, naming the line', async () => {
    const file = await place.write('policies.jsonl', '\n{"time": 1}\n');
    const bad = await backfill('--policies', file);
    expect(bad.code).toBe(65);
    expect(bad.stderr).toContain(`${file}:2`);
    expect((await backfill('--policies', place.path('none.jsonl'))).code).toBe(65);
    expect((await backfill('--policies', 'now', '--offline')).code).toBe(64);
    expect((await runCli(['report', '--json', '--config', place.config])).stdout).toBe('');
  });
});
