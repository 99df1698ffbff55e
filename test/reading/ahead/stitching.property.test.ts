import fc from 'fast-check';
import { it } from 'vitest';
import { parser as exim } from '../../../parsers/exim/index.ts';
import { parser as postfix } from '../../../parsers/postfix/index.ts';
import type { LogParser } from '../../../src/parser.ts';
import {
  lineArbitrary as eximLine,
  textOf as eximText,
  messageArbitrary,
  OWN,
} from '../../parsers/exim/mainlog-lines.ts';
import {
  conversationArbitrary,
  lineArbitrary,
  OPTIONS,
  textOf,
} from '../../parsers/postfix/arbitrary-lines.ts';
import { modelArbitrary, modelLines, modelParser } from './model-log.ts';
import { cutsArbitrary, expectTaken, stitched } from './stitched.ts';

it('a stretch of Postfix that was read elsewhere is taken only if the same is left as if it were read here', () => {
  const results: { readonly taken: number; readonly of: number }[] = [];
  const some = lineArbitrary.map((line) => [line]);
  const log = fc
    .array(fc.oneof({ weight: 5, arbitrary: conversationArbitrary }, some), { maxLength: 40 })
    .map((parts) => parts.flat());
  fc.assert(
    fc.property(
      log,
      fc.constantFrom(...OPTIONS),
      fc.boolean(),
      cutsArbitrary,
      (lines, options, classic, cuts) => {
        const make = () => postfix.create(postfix.options.parse(options)) as LogParser;
        results.push(stitched(textOf(lines, classic), cuts, make));
      },
    ),
    { numRuns: 1000 },
  );
  expectTaken(results);
});

it('so is one of Exim', () => {
  const results: { readonly taken: number; readonly of: number }[] = [];
  const log = fc.array(
    fc.oneof(
      messageArbitrary,
      eximLine.map((line) => [line]),
    ),
    { maxLength: 25 },
  );
  fc.assert(
    fc.property(log, cutsArbitrary, (parts, cuts) => {
      const make = () => exim.create(exim.options.parse({ ownSender: OWN })) as LogParser;
      results.push(stitched(eximText(parts.flat()), cuts, make));
    }),
    { numRuns: 1000 },
  );
  expectTaken(results);
});

it('so is one of a parser that does whatever can be done with the table', () => {
  const results: { readonly taken: number; readonly of: number }[] = [];
  fc.assert(
    fc.property(fc.array(modelArbitrary, { maxLength: 40 }), cutsArbitrary, (steps, cuts) => {
      results.push(stitched(modelLines(steps), cuts, modelParser));
    }),
    { numRuns: 1500 },
  );
  expectTaken(results);
});
