import { type Ask, askProgram } from '../policy/local-mta.ts';
import type { Printer } from './io.ts';
import { printable } from './table.ts';

/** Runs programs of this host and tells `--verbose` which, and whether they answered. */
export function toldAsk(printer: Printer): Ask {
  return async (program, args) => {
    const answer = await askProgram(program, args);
    const words = answer === undefined ? 'no answer' : `${answer.length} characters`;
    printer.message('debug', printable(`ask: ${[program, ...args].join(' ').slice(0, 120)}: ${words}`));
    return answer;
  };
}
