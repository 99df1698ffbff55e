import { expect, it } from 'vitest';
import { parser } from '../../../parsers/exim/index.ts';
import { SessionReader } from '../../../src/logs/session-reader.ts';
import { zoneOf } from '../../../src/logs/zone.ts';
import type { LogParser } from '../../../src/parser.ts';
import { ID, MX1, message, OK, ROUTE, X } from './reading.ts';

/** The ids of the hints after these lines. */
function hints(lines: readonly string[], options: Record<string, unknown> = {}): string[] {
  const made: LogParser = parser.create(parser.options.parse(options));
  const zone = zoneOf('UTC');
  const reader = new SessionReader({
    parser: made,
    zone,
    host: 'mail',
    latest: () => 0,
    onSession: () => {},
  });
  for (const line of lines) reader.line(line);
  return (made.hints?.(reader.table, reader.table.keys()) ?? []).map(({ id }) => id).sort();
}

const to = (fields: string, transport = ROUTE) => message(`=> bob@example.org ${transport} ${fields}`);
const I = 'I=[198.51.100.7]:4711';

it.each<[string, string[], string[]]>([
  ['nothing was delivered', message('Completed'), []],
  ['only local deliveries', to('', 'R=local T=mail_spool'), []],
  ['no field of TLS at all', to(`${MX1} ${OK}`), ['exim-no-tls-shown']],
  ['-tls_cipher', to(`${MX1}:25 ${I} CV=yes`), ['exim-no-events', 'exim-tls-cipher-hidden']],
  ['-tls_certificate_verified', to(`${MX1}:25 ${I} ${X}`), ['exim-certificate-hidden', 'exim-no-events']],
  ['no I=', to(`${MX1} ${X} CV=yes`), ['exim-interface-hidden', 'exim-no-events']],
  ['all that is recommended', to(`${MX1}:25 ${I} ${X} CV=yes`), ['exim-no-events']],
  [
    'a smart host',
    to(`${MX1}:25 ${I} ${X} CV=yes`, 'R=smarthost T=remote_smtp_smarthost'),
    ['exim-no-events', 'exim-smarthost'],
  ],
  [
    'the snippet',
    [
      `2026-03-02 10:20:30 ${ID} tlsrpt-event/1 smtp:ehlo host=mx1.example.org ip=192.0.2.10 domain=example.org cipher=""`,
      ...to(`${MX1} ${OK}`),
    ],
    [],
  ],
])('%s', (_name, lines, expected) => {
  expect(hints(lines)).toEqual(expected);
});

const SMARTHOST_LINES = to(`${MX1}:25 ${I} ${X} CV=yes`, 'R=smarthost T=remote_smtp_smarthost');

it.each<[string, Record<string, unknown>]>([
  ['named by its name', { relayhosts: ['[mx1.example.org]:587'] }],
  ['named by the domain it is an MX of', { relayhosts: ['example.org'] }],
  ['named by its address', { relayhosts: ['[192.0.2.10]'] }],
  ['left out with its transport', { excludeTransports: ['*smarthost*'] }],
])('a smart host that the options provide for: %s', (_name, options) => {
  expect(hints(SMARTHOST_LINES, options)).toEqual(['exim-no-events']);
});

it('another smart host than the one the options name is spoken of still', () => {
  expect(hints(SMARTHOST_LINES, { relayhosts: ['[relay.example.net]'] })).toContain('exim-smarthost');
});
