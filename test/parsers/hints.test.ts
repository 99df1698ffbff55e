import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SessionReader } from '../../src/logs/session-reader.ts';
import { zoneOf } from '../../src/logs/zone.ts';
import type { Hint } from '../../src/parser.ts';
import { BUILT_IN } from '../../src/registry.ts';

const LAB = fileURLToPath(new URL('../lab/', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What the parser says of a log that was made from a lab run. */
function hintsOf(name: string, path: string, change: (line: string) => string | undefined): readonly Hint[] {
  const module = BUILT_IN.find((one) => one.name === name);
  if (module === undefined) throw new Error(`no ${name}`);
  const parser = module.create(module.options.parse({}));
  const reader = new SessionReader({
    parser,
    zone: zoneOf('UTC'),
    host: 'localhost',
    latest: () => Date.parse('2026-12-31T00:00:00Z'),
    onSession: () => undefined,
  });
  for (const line of readFileSync(join(LAB, path), 'utf8').split('\n')) {
    const changed = change(line);
    if (changed !== undefined) reader.line(changed);
  }
  return parser.hints?.(reader.table, reader.table.keys()) ?? [];
}

const ids = (hints: readonly Hint[]) => hints.map(({ id }) => id);
const keep = (pattern: RegExp) => (line: string) => (pattern.test(line) ? line : undefined);
const drop = (pattern: RegExp) => (line: string) => (pattern.test(line) ? undefined : line);
/** Without the lines of the lab's hostile receivers, whose words imitate fields. */
const cut = (pattern: RegExp) => (line: string) =>
  line.includes('hostile') ? undefined : line.replaceAll(pattern, '');

describe('what a log cannot witness', () => {
  it.each([
    ['log level 0', 'postfix', 'postfix-dane-ll0/mail.log', drop(/^$/), 'postfix-loglevel-0'],
    [
      'deliveries without TLS lines',
      'postfix',
      'postfix-may/mail.log',
      drop(/TLS connection established/),
      'postfix-loglevel-0',
    ],
    [
      'TLS lines without deliveries',
      'postfix',
      'postfix-dane/mail.log',
      (line: string) => keep(/TLS connection established/)(line)?.replace(/smtp\[\d+\]/, 'smtp[7]'),
      'postfix-no-deliveries',
    ],
    ['reports of Postfix’s own', 'postfix', 'postfix312-dane/mail.log', drop(/^$/), 'postfix-native-tlsrpt'],
    ['neither X= nor CV=', 'exim', 'exim-debian/mainlog', cut(/ X=\S+ CV=\w+/g), 'exim-no-tls-shown'],
    ['no X=', 'exim', 'exim-debian/mainlog', cut(/ X=\S+/g), 'exim-tls-cipher-hidden'],
    ['no CV=', 'exim', 'exim-debian/mainlog', cut(/ CV=\w+/g), 'exim-certificate-hidden'],
    ['no I=', 'exim', 'exim-debian/mainlog', drop(/^$/), 'exim-interface-hidden'],
    [
      'deliveries without TLS lines',
      'opensmtpd',
      'opensmtpd-debian12/mail.log',
      drop(/ tls ciphers=/),
      'opensmtpd-no-tls',
    ],
    [
      'TLS lines without deliveries',
      'opensmtpd',
      'opensmtpd-debian12/mail.log',
      drop(/ mta delivery /),
      'opensmtpd-no-deliveries',
    ],
    [
      'unchecked certificates',
      'opensmtpd',
      'opensmtpd-debian13/mail.log',
      drop(/"valid"/),
      'opensmtpd-unverified',
    ],
  ] as const)('%s, in a log of %s (%s)', (_what, name, path, change, id) => {
    expect(ids(hintsOf(name, path, change))).toContain(id);
  });

  it.each([
    ['postfix', 'postfix-may/mail.log', /postfix-(loglevel|no-deliveries|native)/],
    ['postfix', 'postfix-dane-reuse/mail.log', /postfix-(loglevel|no-deliveries|native)/],
    ['exim', 'exim-full/mainlog', /exim-(no-tls-shown|tls-cipher|certificate|interface)/],
    ['opensmtpd', 'opensmtpd-debian12/mail.log', /opensmtpd-(no-|unverified|smarthost)/],
  ])('is not said of a log of %s that shows it (%s)', (name, path, unsaid) => {
    expect(ids(hintsOf(name, path, drop(/^$/))).filter((id) => unsaid.test(id))).toEqual([]);
  });

  it('is said in sentences that name the remedy or the consequence, once each', () => {
    for (const { name } of BUILT_IN) {
      const text = readFileSync(join(ROOT, `parsers/${name}/hints.ts`), 'utf8');
      const named = [...text.matchAll(/id: '([a-z0-9-]+)'/g)].map((match) => match[1] ?? '');
      expect(named.length).toBeGreaterThan(2);
      expect(new Set(named).size).toBe(named.length);
      for (const id of named) expect(id).toMatch(new RegExp(`^${name}-`));
    }
  });
});
