import { describe, expect, it } from 'vitest';
import { MX0, MX1, message, OK, ROUTE, read, tell, X } from './reading.ts';

const BOB = `bob@example.org ${ROUTE}`;

describe('clear text', () => {
  const clear = (to: string, host: string, confirmation = OK) => `=> ${to} ${ROUTE} ${host} ${confirmation}`;
  const inferred =
    'example.org starttls-not-supported (inferred: delivered without TLS) mx1.example.org 192.0.2.10';
  const receivers = Array.from({ length: 12 }, (_, at) =>
    clear('bob@example.org', `H=mx1.example.org [192.0.2.${at + 10}]`),
  );

  it('is read as a failure where the log shows TLS, before or after', () => {
    const bare = clear('bob@example.org', MX1, '');
    const shown = `=> eve@example.net ${ROUTE} ${MX0} ${X} CV=no ${OK}`;
    expect(tell(message(shown, bare))).toHaveLength(1);
    expect(tell(message(bare, shown))).toHaveLength(1);
    expect(tell(message(clear('bob@example.org', MX1), shown))).toContain(inferred);
    expect(tell(message(`=> eve@example.net ${ROUTE} ${MX0} ${X} CV=no`, bare))).toContain(inferred);
    expect(tell(message(bare, `=> eve@example.net ${ROUTE} ${MX0} ${X} CV=no`))).toContain(inferred);
    expect(read(message(clear('bob@example.org', MX1)))[0]?.basis).toBe('inferred');
  });

  it('is not read so where the log_selector is bare', () => {
    expect(tell(message(clear('bob@example.org', MX1, '')))).toEqual([]);
  });

  it('is not read so where nobody gets TLS', () => {
    expect(tell(message(...receivers))).toEqual([]);
    expect(tell(message(...receivers, `=> eve@example.net ${ROUTE} ${MX0} ${X} CV=no`))).toHaveLength(1);
    const line = clear('bob@example.org', MX1);
    const many = message(...Array.from({ length: 45 }, () => `+60 ${line}`));
    expect(tell(many)).toEqual([]);
  });

  it('is not read so when told not to', () => {
    const lines = message(`=> eve@example.net ${ROUTE} ${MX0} ${X} CV=no`, clear('bob@example.org', MX1));
    expect(tell(lines, { inferPlaintext: false })).toHaveLength(1);
  });

  it('PS=es proves that STARTTLS was refused', () => {
    const lines = message(...receivers, `=> ${BOB} ${MX1} PS=es ${OK}`);
    expect(tell(lines)).toEqual([inferred]);
  });

  it('refused recipients and deferrals in clear text say nothing', () => {
    const lines = message(
      `** ${BOB} ${MX1}: SMTP error from remote mail server after RCPT TO:<bob@example.org>: 550 no`,
      `== eve@example.org ${ROUTE} defer (-44) ${MX1}: SMTP error from remote mail server after RCPT TO:<eve@example.org>: 450 no`,
    );
    expect(tell(lines)).toEqual([]);
  });
});
