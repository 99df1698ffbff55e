import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parser } from '../../../parsers/postfix/index.ts';
import { trailOf } from '../road-trail.ts';
import {
  conversationArbitrary,
  lineArbitrary,
  numbered,
  OPTIONS,
  SERVERS,
  textOf,
} from './arbitrary-lines.ts';
import { CIPHER, delivery, smtp } from './log-lines.ts';

it('the lines of smtp(8) are read from bytes to what their text is read to, line by line', () => {
  let pairs = 0;
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          { weight: 4, arbitrary: conversationArbitrary },
          lineArbitrary.map((line) => [line]),
        ),
        {
          minLength: 1,
          maxLength: 30,
        },
      ),
      fc.constantFrom(...OPTIONS),
      fc.boolean(),
      (groups, options, classic) => {
        const lines = groups.flat();
        // Twice: the faster road reads what looks like a line it has met.
        const text = textOf([...lines, ...lines], classic);
        const fast = trailOf(parser, text, options, { fast: true, onNumbered: () => pairs++ });
        expect(fast).toEqual(trailOf(parser, text, options, { fast: false }));
      },
    ),
    { numRuns: 140 },
  );
  expect(pairs, 'sessions told by the fastest road').toBeGreaterThan(100);
});

it.each([
  '250 2.0.0 Ok',
  'Server certificate not verified',
  'host x said: 450 4.2.0 later (in reply to RCPT TO command)',
  'host mx1.example.org[192.0.2.25] said: 450 4.2.0 later',
  'host mx1.example.org[192.0.2.25] refused to talk to me: 554 said: no',
  'lost connection with mx1.example.org[192.0.2.25] while sending RCPT TO',
  'TLS is required, but host mx1.example.org[192.0.2.25] refused to start TLS: 454 no',
])('a delivery line is read alike wherever it was cut: %s', (reason) => {
  for (const tls of [undefined, 'may', '!secure', 'may:none']) {
    const whole = delivery({ reason, ...(tls !== undefined && { tls }) });
    const lines = [...whole].flatMap((_, end) => [
      smtp(`Untrusted TLS connection established to ${SERVERS[0]}: ${CIPHER}`, { second: 2 * end }),
      smtp(`${numbered(end)}${whole.slice(10, end + 10)}`, { second: 2 * end }),
      smtp(`${numbered(end)}${whole.slice(10, end + 10)}`, { second: 2 * end + 1, pid: 4300 }),
    ]);
    expect(trailOf(parser, lines, {}, { fast: true })).toEqual(trailOf(parser, lines, {}, { fast: false }));
  }
});
