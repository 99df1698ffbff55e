import { expect, it } from 'vitest';
import type { FoundLog } from '../../src/init/facts.ts';
import { writtenOut } from '../../src/init/unasked.ts';
import { type Ask, askLocalMta } from '../../src/policy/local-mta.ts';

const VERSION = 'Exim version 4.96 #2\nSupport for: DANE\n';
const LOG: FoundLog = { path: '/var/log/exim4/mainlog', parser: 'exim', relayhosts: [], fallbackRelays: [] };

function exim(dane: string, bound: string): Ask {
  return async (program, args) => {
    if (program !== 'exim4') return undefined;
    if (args[0] === '-bV') return VERSION;
    return `\nremote_smtp transport:\ndriver = smtp\nhosts_try_dane = ${dane}\ninterface = ${bound}\n`;
  };
}

const hidden: Ask = async (program, args) => (program === 'exim4' && args[0] === '-bV' ? VERSION : undefined);

it('writes out nothing where the user of the units can ask', async () => {
  const ask = exim('*', '192.0.2.77');
  expect(await writtenOut(await askLocalMta(ask), ask, [LOG])).toEqual({ logs: [LOG], hidden: [] });
});

it('writes out what root was told and that user would not be', async () => {
  expect(await writtenOut(await askLocalMta(exim('', '192.0.2.77')), hidden, [LOG])).toEqual({
    logs: [{ ...LOG, sendingMtaIp: '192.0.2.77' }],
    honours: [],
    hidden: [],
  });
  expect(await writtenOut(await askLocalMta(exim('*', '')), hidden, [LOG])).toEqual({
    logs: [LOG],
    honours: ['dane'],
    hidden: [],
  });
});

it('knows nothing to write out where who runs it is not told either', async () => {
  expect(await writtenOut(await askLocalMta(hidden), hidden, [])).toEqual({ logs: [], hidden: ['Exim'] });
});
