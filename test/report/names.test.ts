import { describe, expect, it } from 'vitest';
import { fileName, reportId, subject, submitterOf } from '../../src/report/names.ts';

const key = {
  day: '2026-11-22',
  domain: 'example.org',
  submitter: 'sender.example',
  instance: '0123456789',
  revision: 1,
};

describe('report-id', () => {
  it('is fit for a msg-id as it stands (RFC 5322 §3.6.4)', () => {
    const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
    expect(reportId(key)).toMatch(new RegExp(`^${atom}(\\.${atom})*@${atom}(\\.${atom})*$`));
  });

  it('differs by day, domain, submitter, instance and revision, and by nothing else', () => {
    const others = [
      { ...key, day: '2026-11-23' },
      { ...key, domain: 'example.com' },
      { ...key, submitter: 'other.example' },
      { ...key, instance: 'b' },
      { ...key, revision: 2 },
    ];
    expect(new Set([key, ...others].map(reportId)).size).toBe(6);
    expect(reportId({ ...key })).toBe(reportId(key));
  });

  it.each(['', 'a b', 'a@b', 'a>b', 'ü', 'x'.repeat(65)])('refuses an instance that is "%s"', (instance) => {
    expect(() => reportId({ ...key, instance })).toThrow(/instance/);
  });
});

describe('file name (RFC 8460 §5.1)', () => {
  it('gives submitter, domain and the seconds of the day', () => {
    expect(fileName(key)).toBe('sender.example!example.org!1795305600!1795391999.json.gz');
  });

  it('is short for short names: at most 50 characters are never cut by mail programs', () => {
    expect(fileName({ ...key, submitter: 'a.example', domain: 'b.org' }).length).toBeLessThanOrEqual(50);
  });

  it('tells a reissue apart', () => {
    expect(fileName({ ...key, revision: 2 })).toBe(
      'sender.example!example.org!1795305600!1795391999!2.json.gz',
    );
  });
});

it('words the subject as RFC 8460 §5.3 does', () => {
  expect(subject('example.org', 'sender.example', 'a@sender.example')).toBe(
    'Report Domain: example.org Submitter: sender.example Report-ID: <a@sender.example>',
  );
});

it('takes the submitter from the contact, in lower case and A-labels', () => {
  expect(submitterOf('TLS@Sender.Example')).toBe('sender.example');
  expect(submitterOf('tls@bücher.example')).toBe('xn--bcher-kva.example');
  expect(() => submitterOf('tls@192.0.2.1')).toThrow(/no usable domain/);
});
