import { encode } from 'dns-packet';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeReply } from '../../src/policy/dns-wire.ts';
import { readExim } from '../../src/policy/exim-settings.ts';
import { readStsPolicy } from '../../src/policy/mta-sts-policy.ts';
import { parsePolicyAnswer } from '../../src/policy/policy-answer.ts';
import { readPostfix } from '../../src/policy/postfix-settings.ts';
import { parseResolvConf } from '../../src/policy/resolv-conf.ts';
import { canonicalJson } from '../../src/policy/snapshot.ts';
import { readStsRecords } from '../../src/policy/sts-record.ts';
import { readRecords } from '../../src/policy/tlsrpt-record.ts';

/** Text with the pieces these grammars are made of, so that more than the first check is reached. */
const pieces = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'v=TLSRPTv1',
        'v=STSv1',
        ';',
        'rua=',
        'mailto:',
        'https://',
        ',',
        '!',
        '%2C',
        '%',
        'a@b.example',
        'id=',
      ),
      fc.constantFrom(
        'version: STSv1',
        'mode: enforce',
        'mx: ',
        '*.a.example',
        'max_age: 1',
        '\n',
        '\r\n',
        'OK ',
        '{',
        '}',
        '=',
      ),
      fc.string({ maxLength: 8, unit: 'binary' }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

test('no text makes a reader throw', () => {
  fc.assert(
    fc.property(pieces, (text) => {
      readRecords([text]);
      readStsRecords([text, `v=STSv1; ${text}`]);
      readStsPolicy(Buffer.from(text));
      parsePolicyAnswer(text);
      parsePolicyAnswer(`OK ${text}`);
      parseResolvConf(text);
      readPostfix(text);
      readExim(text, text);
    }),
    { numRuns: 2000 },
  );
});

test('what a record is read to is what a mailer or a browser may be given', () => {
  fc.assert(
    fc.property(pieces, (text) => {
      const reading = readRecords([`v=TLSRPTv1; rua=${text}`]);
      if (reading.kind !== 'record') return;
      for (const uri of reading.rua) {
        expect(uri).toMatch(/^(mailto:[!-~]+@[a-z0-9_.-]+|https:\/\/[!-~]+)$/);
        expect(uri).not.toMatch(/[\s,;]/);
      }
    }),
    { numRuns: 2000 },
  );
});

test('no datagram makes the wire reader throw, and none but the answer is taken', () => {
  const question = { name: 'a.example', type: 'TXT' } as const;
  const good = encode({
    type: 'response',
    id: 4711,
    questions: [{ name: 'a.example', type: 'TXT' }],
    answers: [{ type: 'TXT', name: 'a.example', ttl: 1, data: 'x' }],
  });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.nat(60),
      (changes, cut) => {
        const data = Buffer.from(good);
        for (const [at, value] of changes) data[at] = value;
        const reply = decodeReply(data.subarray(0, data.length - cut), 4711, question);
        if (reply !== undefined) expect(data.readUInt16BE(0)).toBe(4711);
      },
    ),
    { numRuns: 3000 },
  );
  expect(decodeReply(good, 4711, question)).toMatchObject({ records: ['x'] });
  expect(decodeReply(good, 4712, question)).toBeUndefined();
});

test('canonical JSON does not depend on the order of keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(JSON.parse(JSON.stringify(turned)))).toBe(
        canonicalJson(JSON.parse(JSON.stringify(value))),
      );
    }),
  );
});
