import fc from 'fast-check';
import { expect, it } from 'vitest';
import { configSchema } from '../../src/config.ts';
import { planOutbox } from '../../src/delivery/destinations.ts';
import { buildMessage } from '../../src/delivery/message.ts';
import { toTarget } from '../../src/delivery/target.ts';
import { readRecords } from '../../src/policy/tlsrpt-record.ts';
import { DAY, MORNING, sampleReport } from './lab.ts';

const { delivery } = configSchema.parse({
  organization: 'Example',
  contact: 'tls@sender.example',
  state: '/nowhere',
});

/** Texts near enough to a record that some get through. */
const pieces = fc.constantFrom(
  ...['mailto:', 'https://', 'http://', 'file:///', 'javascript:', 'directory:/tmp', 'ftp://', 'smtp://'],
  ...[
    'a@b.example',
    '@',
    '.example',
    '/',
    '?subject=',
    '&bcc=',
    ',',
    ';',
    '!10m',
    '%0d%0a',
    '%00',
    '%2c',
    '\r\n',
    '\0',
  ],
  ...[
    ' ',
    '\t',
    'rua=',
    'v=TLSRPTv1;',
    '127.0.0.1',
    '[::1]',
    'localhost',
    ':25',
    '"',
    '<',
    '>',
    '\\',
    'ü',
    '\u202e',
  ],
);
const noise = fc
  .array(fc.oneof({ weight: 4, arbitrary: pieces }, fc.string({ unit: 'binary', maxLength: 8 })), {
    maxLength: 4,
  })
  .map((parts) => parts.join(''));
const uri = fc
  .tuple(fc.constantFrom('', '', 'mailto:tls@b.example', 'https://r.example/tls'), noise)
  .map((parts) => parts.join(''));
const rua = fc.array(uri, { maxLength: 8 });
const records = rua.map((parts) => `v=TLSRPTv1; rua=${parts.join(',')}`);

it('any record text yields nothing but plain mail addresses and https URLs', () => {
  let accepted = 0;
  fc.assert(
    fc.property(records, (text) => {
      const reading = readRecords([text]);
      const found = 'rua' in reading ? reading.rua : [];
      const { rows } = planOutbox(delivery, { day: DAY, domain: 'example.org', rua: found, held: false });
      accepted += rows.length;
      expect(rows.length).toBeLessThanOrEqual(delivery['max-uris']);
      for (const row of rows) {
        const target = toTarget(row.rua);
        expect(['mail', 'https']).toContain(target?.kind);
        if (target?.kind === 'mail')
          expect(target.address).toMatch(/^[!#-'*+\-./0-9=?A-Z^-~]+@[a-z0-9._-]+$/);
        if (target?.kind === 'https') expect(target.url.protocol).toBe('https:');
      }
    }),
    { numRuns: 2000 },
  );
  expect(accepted).toBeGreaterThan(500);
});

it('no address that is taken can add a header or break a line', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 30 }), fc.boolean(), async (local, raw) => {
      const text = `mailto:${raw ? local : encodeURIComponent(local)}@b.example`;
      const target = toTarget(text);
      if (target?.kind !== 'mail') return;
      const message = await buildMessage({
        report: {
          id: 1,
          day: DAY,
          domain: 'example.org',
          revision: 1,
          reportId: 'a@sender.example',
          json: JSON.stringify(sampleReport('example.org')),
          builtAt: 0,
        },
        to: target.address,
        rua: text,
        from: 'tls@sender.example',
        submitter: 'sender.example',
        since: () => undefined,
        time: MORNING,
        keys: [],
      });
      const head = message.toString('latin1').split('\r\n\r\n')[0] ?? '';
      const unfolded = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
      const names = unfolded.map((line) => line.split(':')[0]);
      expect(names).toEqual([
        'Date',
        'From',
        'To',
        'Message-ID',
        'Subject',
        'Auto-Submitted',
        'TLS-Required',
        'TLS-Report-Domain',
        'TLS-Report-Submitter',
        'MIME-Version',
        'Content-Type',
      ]);
      expect(unfolded).toContain(`To: ${target.address}`);
    }),
    { numRuns: 300 },
  );
});
