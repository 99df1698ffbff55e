import { parser } from '../../../parsers/postfix/index.ts';
import { describeParserContract } from '../../parser-contract.ts';
import { CIPHER, smtp } from './log-lines.ts';

/** Stamp, host, and the rest of a syslog line, whatever the stamp's shape. */
const SYSLOG = /^(\S+ [ \d]\d \S+|\d\S+) (\S+) (.*)$/;

function beside(neighbour: string, text: string, host?: string): string {
  const match = SYSLOG.exec(neighbour);
  return `${match?.[1]} ${host ?? match?.[2]} ${text}`;
}

describeParserContract(parser, {
  foreignLines: (neighbour) => [
    beside(neighbour, 'postfix/smtpd[18132]: connect from mx.ok.test[10.77.1.2]'),
    beside(
      neighbour,
      'postfix/error[18132]: 9F3A51C0B7: to=<a@ok.test>, relay=none, delay=1, delays=0/0/0/1, dsn=4.7.5, status=deferred (delivery temporarily suspended: Server certificate not verified)',
    ),
    beside(neighbour, 'postfix/smtp: no process, no session'),
    beside(
      neighbour,
      'kernel: postfix/smtp[18132]: Trusted TLS connection established to mx.ok.test[10.77.1.2]:25: TLSv1.3 with',
    ),
    beside(
      neighbour,
      'exim[18132]: 1xVZtW-0004mX-0w => a@ok.test R=dnslookup H=mx.ok.test [10.77.1.2] X=TLS1.3:x:256 CV=yes',
    ),
    beside(
      neighbour,
      `postfix/smtp[18132]: Trusted TLS connection established to mx.ok.test[10.77.1.2]:25: ${CIPHER}`,
      'stranger',
    ),
    '-- Boot 0123456789abcdef --',
    '',
    '   partial',
  ],
  onHost: (line, host) => line.replace(SYSLOG, `$1 ${host} $3`),
  endlessLine: (n) =>
    smtp(`Trusted TLS connection established to mx${n}.example.org[192.0.2.25]:25: ${CIPHER}`, {
      pid: n + 1,
      second: Math.floor(n / 1000),
    }),
});
