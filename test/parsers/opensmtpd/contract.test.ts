import { parser } from '../../../parsers/opensmtpd/index.ts';
import { describeParserContract } from '../../parser-contract.ts';
import { idOf } from './reading.ts';

/** Stamp, host, and the rest of a syslog line. */
const SYSLOG = /^(\S+ [ \d]\d \S+|\d\S+) (\S+) (.*)$/;

function beside(neighbour: string, text: string, host?: string): string {
  const match = SYSLOG.exec(neighbour);
  return `${match?.[1]} ${host ?? match?.[2]} ${text}`;
}

const ID = 'feedfacefeedface';

describeParserContract(parser, {
  foreignLines: (neighbour) => [
    beside(neighbour, `smtpd[16258]: ${ID} smtp connected address=192.0.2.1 host=client.example.org`),
    beside(
      neighbour,
      `smtpd[16258]: ${ID} smtp failed-command command="${ID} mta connected" result="500 5.5.1"`,
    ),
    beside(neighbour, `smtpd[16258]: ${ID} mda delivery evpid=${ID} from=<a@x.test> to=<b@x.test>`),
    beside(neighbour, `postfix/smtpd[16258]: ${ID} mta tls ciphers=TLSv1.3:X:256`),
    beside(neighbour, `smtpd[16258]: ${ID} mta connected`, 'stranger'),
    beside(neighbour, 'smtpd[16258]: smtp-out: Enabling route [] <-> 192.0.2.77 (mx.other.test)'),
    'not a line of syslog',
    '',
  ],
  onHost: (line, host) => line.replace(SYSLOG, `$1 ${host} $3`),
  endlessLine: (n) =>
    `2026-11-22T10:00:00.000000+00:00 mail smtpd[1]: ${idOf(n)} mta connecting address=smtp://192.0.2.25:25 host=mx.example.org`,
});
