import { parser } from '../../../parsers/exim/index.ts';
import { describeParserContract } from '../../parser-contract.ts';

const MAINLOG = /^(\d{4})-(\d\d)-(\d\d) (\d\d:\d\d:\d\d)/;
const SYSLOG = /^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (\S+) (.*)$/s;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Exim's line as its syslog would hold it: with a header of RFC 3164 before its own stamp. */
function onHost(line: string, host: string): string {
  const syslog = SYSLOG.exec(line);
  if (syslog !== null) return `${syslog[1]} ${host} ${syslog[3]}`;
  const own = MAINLOG.exec(line);
  if (own === null) return line;
  const day = String(Number(own[3])).padStart(2);
  return `${MONTHS[Number(own[2]) - 1]} ${day} ${own[4]} ${host} exim: ${line}`;
}

/** A text of Exim's with the neighbour's stamp. */
function beside(neighbour: string, text: string): string {
  const syslog = SYSLOG.exec(neighbour);
  if (syslog !== null) return `${syslog[1]} ${syslog[2]} exim[99999]: ${text}`;
  return `${/^\S+ \S+/.exec(neighbour)?.[0] ?? ''} ${text}`;
}

/** A message that no sample holds. */
const OTHER = '1zzzzz-00000000001-0001';

describeParserContract(parser, {
  foreignLines: (neighbour) => [
    beside(neighbour, `${OTHER} <= ann@sender.example H=x [198.51.100.20] P=esmtps X=TLS1.3:a:256 CV=no S=1`),
    beside(neighbour, `${OTHER} => bob <bob@ok.test> R=local_user T=mail_spool`),
    beside(neighbour, `${OTHER} ** bob@ok.test: retry timeout exceeded`),
    beside(
      neighbour,
      `${OTHER} == bob@ok.test R=dnslookup T=remote_smtp defer (-44) H=mx.ok.test [10.77.1.2]: SMTP error from remote mail server after RCPT TO:<bob@ok.test>: 450 => u@ok.test R=a T=b H=mx.ok.test [10.77.1.2] X=TLS1.2:x:256 CV=yes`,
    ),
    beside(
      neighbour,
      `${OTHER} => bob@ok.test R=dnslookup T=remote_smtp H=mx.ok.test [10.77.1.2]* C="250 ok"`,
    ),
    beside(
      neighbour,
      `${OTHER} *> bob@ok.test R=dnslookup T=remote_smtp H=mx.ok.test [10.77.1.2] X=TLS1.3:a:256 CV=no`,
    ),
    beside(
      neighbour,
      `${OTHER} == bob@ok.test R=dnslookup T=remote_smtp defer (-37) H=mx.ok.test [10.77.1.2]: TLS session: (SSL_CTX_new): error`,
    ),
    beside(neighbour, 'TLS error on connection from mx.ok.test [10.77.1.2] (gnutls_handshake): timed out'),
    beside(neighbour, 'Start queue run: pid=1'),
    onHost(
      beside(
        neighbour,
        `postfix/smtp[1]: ${OTHER} => bob@ok.test R=r T=t H=mx.ok.test [10.77.1.2] X=TLS1.3:a:256 CV=no`,
      ),
      'mta1',
    ).replace(/exim(?:\[\d+\])?: /, 'dovecot: '),
    'P Received: from mx.ok.test [10.77.1.2] (X=TLS1.3:a:256)',
    ')',
    '',
  ],
  onHost,
  endlessLine: (n) =>
    `2026-11-23 19:${String(Math.floor(n / 60_000) % 60).padStart(2, '0')}:00 1xVZOu-${String(n).padStart(11, '0')}-0001 DANE attempt failed; TLS connection to mx${n}.example.org [192.0.2.25]: (SSL_connect): timed out`,
});
