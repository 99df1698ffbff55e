import type { Day } from '../day.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { sendPass } from '../pipeline.ts';
import { type Context, pipelineDeps } from './context.ts';
import type { Printer } from './io.ts';
import { sayClosed, sayLookedUp, sayOutcome, saySent } from './say.ts';

/** What sending came to. */
export interface Sending {
  /** For machines. */
  readonly told: unknown;
  /** 75 where some of it will be tried again. */
  readonly exitCode: ExitCode;
}

/**
 * Looks up what is missing, closes days that are over, builds their reports and delivers what is due; says what came of
 * each.
 * @param released a day that goes however long ago it ended
 */
export async function sendDue(context: Context, printer: Printer, released?: Day): Promise<Sending> {
  const onOutcome = (outcome: Parameters<typeof sayOutcome>[0]) => sayOutcome(outcome, printer);
  const deps = pipelineDeps(context);
  const { lookedUp, closed, sent } = await sendPass(deps, { offline: false, onOutcome }, released);
  sayLookedUp(lookedUp, printer);
  sayClosed(closed, printer);
  saySent(sent, printer);
  const { built, waiting, held } = closed;
  return {
    told: { built: built.length, waiting, held: Object.fromEntries(held), sent },
    exitCode: sent.retry + sent.putOff + waiting > 0 ? EXIT.tryAgain : EXIT.ok,
  };
}
