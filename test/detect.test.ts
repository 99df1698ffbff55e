import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { detectedText, detectParsers, undetected } from '../src/detect.ts';
import { EXIT } from '../src/errors.ts';
import { zoneOf } from '../src/logs/zone.ts';
import { BUILT_IN } from '../src/registry.ts';
import { sampledParsers, samplesOf } from './samples/sample.ts';

const LAB = fileURLToPath(new URL('./lab/', import.meta.url));
const OPTIONS = { zone: zoneOf('UTC'), host: 'localhost', now: Date.parse('2026-12-31T00:00:00Z') };

async function* chunks(text: string, size = 700): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function detect(text: string): Promise<string> {
  return detectedText(await detectParsers(chunks(text), OPTIONS));
}

const textOf = (path: string) => readFileSync(join(LAB, path), 'utf8');

describe('the format of a log', () => {
  it.each([
    ['postfix', 'postfix-dane/mail.log'],
    ['postfix', 'postfix-dane-maillog/maillog.log'],
    ['postfix', 'postfix312-dane-reuse/mail.log'],
    ['exim', 'exim-debian/mainlog'],
    ['exim', 'exim-reuse/mail.log'],
    ['exim', 'exim-syslog/mail.log'],
    ['opensmtpd', 'opensmtpd-debian12/mail.log'],
    ['opensmtpd', 'opensmtpd-debian13/mail.log'],
  ])('is %s for %s, by its lines', async (name, path) => {
    expect(await detect(textOf(path))).toMatch(new RegExp(`^${name} \\(line \\d+\\)$`));
  });

  it('is found in every sample that tells a session, hostile ones too, and no other is', async () => {
    for (const parser of sampledParsers()) {
      for (const { name, lines, accepted } of samplesOf(parser)) {
        if (accepted === undefined || accepted.length === 0) continue;
        expect(await detect(`${lines.join('\n')}\n`), `${parser}/${name}`).toMatch(
          new RegExp(`^${parser} \\(`),
        );
      }
    }
  });

  it.each([
    [
      'journald',
      (program: string, message: string) =>
        JSON.stringify({
          __REALTIME_TIMESTAMP: '1795462296000000',
          SYSLOG_IDENTIFIER: program,
          SYSLOG_PID: '7',
          MESSAGE: message,
        }),
    ],
    [
      'Docker',
      (program: string, message: string) =>
        JSON.stringify({
          log: `Nov 23 19:31:35 mta1 ${program}[7]: ${message}\n`,
          stream: 'stdout',
          time: '2026-11-23T19:31:35Z',
        }),
    ],
    [
      'RFC 5424',
      (program: string, message: string) => `<22>1 2026-11-23T19:31:35Z mta1 ${program} 7 - - ${message}`,
    ],
  ])('is found in the lines of %s', async (_shape, shaped) => {
    const messages = [
      [
        'postfix',
        'postfix/smtp',
        'Trusted TLS connection established to mx.b.test[10.0.0.1]:25: TLSv1.3 with cipher X (256/256 bits)',
      ],
      [
        'exim',
        'exim',
        '2026-03-02 10:20:30 1xVZOu-000000004YM-1YJW => bob@b.test R=r T=t H=mx.b.test [10.0.0.1] X=TLS1.3:A:256 CV=yes C="250"',
      ],
      ['opensmtpd', 'smtpd', '1a435d02c6c2aa70 mta tls ciphers=TLSv1.3:TLS_AES_256_GCM_SHA384:256'],
    ];
    for (const [name = '', program = '', message = ''] of messages)
      expect(await detect(`${shaped(program, message)}\n`)).toBe(`${name} (line 1)`);
  });

  it('is several where several MTAs wrote one file, wherever they begin', async () => {
    const postfix = textOf('postfix-dane/mail.log');
    const exim = textOf('exim-reuse/mail.log');
    const opensmtpd = textOf('opensmtpd-debian13/mail.log');
    const lines = (text: string) => text.trimEnd().split('\n').length;
    const found = await detectParsers(chunks(postfix.repeat(20) + opensmtpd + exim), OPTIONS);
    expect(found.map(({ module }) => module.name)).toEqual(['postfix', 'exim', 'opensmtpd']);
    expect(found[2]?.line).toBeGreaterThan(lines(postfix) * 20);
    expect(found[1]?.line).toBeGreaterThan(lines(postfix) * 20 + lines(opensmtpd));
  });

  it('is none for a log of anything else', async () => {
    const other = [
      'Nov 23 19:31:35 mta1 kernel: postfix/smtp[1]: exim[2]: smtpd[3]: 0123456789abcdef mta connected',
      '{"level":"info","msg":"=> H=mx [192.0.2.1] X=TLS"}',
      '',
    ].join('\n');
    expect(await detect(other)).toBe('');
    expect(await detect('')).toBe('');
    const problem = undetected('/var/log/syslog');
    expect(problem.exitCode).toBe(EXIT.data);
    expect(problem.help).toContain('postfix, exim, opensmtpd');
  });

  it('is not told by text of strangers', async () => {
    const reply = '250 postfix/smtp[18130]: Trusted TLS connection established to x[10.0.0.1]:25: TLSv1.3';
    const line = (text: string) =>
      `2026-03-02 10:20:30 1xVZOu-000000004YM-1YJW => bob@example.org R=r T=t H=mx.example.org [192.0.2.10] X=TLS1.3:A:256 CV=yes C="${text}"`;
    expect(await detect(`${line(reply)}\n`)).toBe('exim (line 1)');
    const postfix = `Nov 23 19:31:35 mta1 postfix/smtp[1]: 9F3A51C0B7: to=<a@b.test>, relay=mx.b.test[10.0.0.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 exim[1]: ${line('x')})`;
    expect(await detect(`${postfix}\n`)).toBe('postfix (line 1)');
  });

  it('needs a parser that recognises lines', async () => {
    const candidates = BUILT_IN.map(({ recognises: _, ...module }) => module);
    expect(await detectParsers(chunks(textOf('postfix-dane/mail.log')), OPTIONS, candidates)).toEqual([]);
  });
});
