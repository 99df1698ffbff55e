import { describe, expect, test } from 'vitest';
import { LONGEST_MAX_AGE, readStsPolicy } from '../../src/policy/mta-sts-policy.ts';
import { matchesMx } from '../../src/policy/mx-pattern.ts';
import { readStsRecords } from '../../src/policy/sts-record.ts';

const read = (text: string) => readStsPolicy(Buffer.from(text));
const policyOf = (text: string) => {
  const reading = read(text);
  if (reading.kind !== 'policy') throw new Error(`${reading.reason}: ${reading.detail}`);
  return reading.policy;
};

const GOOD = 'version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmax_age: 604800\n';

describe('an MTA-STS policy (RFC 8461 §3.2)', () => {
  test('mode, patterns, age, and the lines as declared', () => {
    expect(policyOf(GOOD)).toEqual({
      mode: 'enforce',
      maxAge: 604_800,
      mx: ['mail.example.com', '*.example.net'],
      lines: [
        'version: STSv1',
        'mode: enforce',
        'mx: mail.example.com',
        'mx: *.example.net',
        'max_age: 604800',
      ],
      warnings: [],
    });
  });

  test.each([
    ['CRLF', GOOD.replaceAll('\n', '\r\n')],
    ['no newline at the end', GOOD.trimEnd()],
    ['no blanks after the colons', GOOD.replaceAll(': ', ':')],
    [
      'another order',
      'max_age: 604800\nmx: mail.example.com\nmode: enforce\nmx: *.example.net\nversion: STSv1\n',
    ],
    ['unknown keys', `${GOOD}x-key: anything : at = all\n`],
    ['names in capitals', GOOD.replace('mail.example.com', 'Mail.EXAMPLE.com')],
  ])('%s', (_, text) => {
    expect(policyOf(text)).toMatchObject({
      mode: 'enforce',
      maxAge: 604_800,
      mx: ['mail.example.com', '*.example.net'],
      warnings: [],
    });
  });

  test.each([
    ['an empty line between', GOOD.replace('mode', '\nmode'), 'empty line'],
    ['a blank before a colon', GOOD.replace('mode:', 'mode :'), 'blank before the colon'],
    ['a key twice: the first counts', `${GOOD}mode: none\n`, 'twice'],
    ['a dot at the end of a name', GOOD.replace('mail.example.com', 'mail.example.com.'), 'dot at the end'],
    ['a byte order mark', `\ufeff${GOOD}`, 'byte order mark'],
    ['too long an age', GOOD.replace('604800', '9999999999'), 'max_age'],
  ])('%s: read, with a warning', (_, text, warning) => {
    const policy = policyOf(text);
    expect(policy).toMatchObject({ mode: 'enforce', mx: ['mail.example.com', '*.example.net'] });
    expect(policy.maxAge).toBeLessThanOrEqual(LONGEST_MAX_AGE);
    expect(policy.warnings.join()).toContain(warning);
  });

  test('mode none needs no mx', () => {
    expect(policyOf('version: STSv1\nmode: none\nmax_age: 86400\n')).toMatchObject({ mode: 'none', mx: [] });
  });

  test('patterns become A-labels; the lines stay as declared', () => {
    const policy = policyOf('version: STSv1\nmode: testing\nmx: *.bücher.example\nmax_age: 1\n');
    expect(policy.mx).toEqual(['*.xn--bcher-kva.example']);
    expect(policy.lines).toContain('mx: *.bücher.example');
  });

  test.each([
    ['empty', '', 'policy-version-missing'],
    ['a web page', '<!doctype html><title>404</title>', 'policy-line-malformed'],
    ['no version', GOOD.replace('version: STSv1\n', ''), 'policy-version-missing'],
    ['another version', GOOD.replace('STSv1', 'STSv2'), 'policy-version-missing'],
    ['version in small letters', GOOD.replace('STSv1', 'stsv1'), 'policy-version-missing'],
    ['no mode', GOOD.replace('mode: enforce\n', ''), 'policy-mode-missing'],
    ['an unknown mode', GOOD.replace('enforce', 'report'), 'policy-mode-missing'],
    ['no age', GOOD.replace('max_age: 604800\n', ''), 'policy-max-age-missing'],
    ['an age with a unit', GOOD.replace('604800', '7d'), 'policy-max-age-missing'],
    ['a negative age', GOOD.replace('604800', '-1'), 'policy-max-age-missing'],
    ['no mx', GOOD.replaceAll(/mx: .*\n/g, ''), 'policy-mx-missing'],
    ['an mx that is an address', GOOD.replace('mail.example.com', '192.0.2.1'), 'policy-mx-malformed'],
    [
      'an mx pattern with a star inside',
      GOOD.replace('*.example.net', 'mx*.example.net'),
      'policy-mx-malformed',
    ],
    ['an old pattern', GOOD.replace('*.example.net', '.example.net'), 'policy-mx-malformed'],
    ['an empty mx', GOOD.replace('mail.example.com', ''), 'policy-mx-malformed'],
    ['a line without a colon', `${GOOD}hello\n`, 'policy-line-malformed'],
    ['a NUL', GOOD.replace('enforce', 'enf\0orce'), 'policy-not-text'],
    ['a thousand hosts', GOOD + 'mx: a.example\n'.repeat(1000), 'policy-mx-malformed'],
  ])('invalid: %s', (_, text, reason) => {
    expect(read(text)).toMatchObject({ kind: 'invalid', reason });
  });

  test('invalid: no UTF-8', () => {
    expect(readStsPolicy(Buffer.from([0x76, 0xff]))).toMatchObject({
      kind: 'invalid',
      reason: 'policy-not-text',
    });
  });

  test('64 KiB of anything are read in no time', () => {
    const start = performance.now();
    for (const text of [':'.repeat(65_536), ' \t'.repeat(32_768), 'a'.repeat(65_536), 'a:\n'.repeat(21_845)])
      read(text);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('the announcement of a policy (RFC 8461 §3.1)', () => {
  test.each([
    ['v=STSv1; id=20261102T000000;', '20261102T000000'],
    ['v=STSv1;id=1', '1'],
    ['v=STSv1 ; x=y; id=Ab9 ;', 'Ab9'],
    ['v=STSv1; id=1; id=2', '1'],
  ])('%s', (text, id) => {
    expect(readStsRecords([text, 'v=spf1 -all'])).toEqual({ kind: 'record', id });
  });

  test.each([
    [[], 'begins with'],
    [['v=STSv2; id=1'], 'begins with'],
    [['v=stsv1; id=1'], 'begins with'],
    [[' v=STSv1; id=1'], 'begins with'],
    [['id=1; v=STSv1'], 'begins with'],
    [['v=STSv1'], 'begins with'],
    [['v=STSv1;'], 'no id'],
    [['v=STSv1; ID=1'], 'no id'],
    [['v=STSv1; id='], '1 to 32'],
    [['v=STSv1; id=a-b'], '1 to 32'],
    [[`v=STSv1; id=${'1'.repeat(33)}`], '1 to 32'],
    [['v=STSv1; id=1', 'v=STSv1; id=2'], '2 MTA-STS records'],
  ])('none: %j', (texts, reason) => {
    const reading = readStsRecords(texts);
    expect(reading.kind).toBe('none');
    expect('reason' in reading && reading.reason).toContain(reason);
  });
});

describe('mx patterns (RFC 8461 §4.1)', () => {
  test.each([
    ['mail.example.com', ['mail.example.com'], true],
    ['mail.example.com.', ['mail.example.com'], true],
    ['a.example.com', ['*.example.com'], true],
    ['example.com', ['*.example.com'], false],
    ['a.b.example.com', ['*.example.com'], false],
    ['evilexample.com', ['*.example.com'], false],
    ['mail.example.com', ['mail.example.net', '*.example.org'], false],
    ['com', ['*.com'], false],
    ['mail.example.com', [], false],
  ])('%s of %j: %s', (host, patterns, expected) => {
    expect(matchesMx(host, patterns)).toBe(expected);
  });
});
