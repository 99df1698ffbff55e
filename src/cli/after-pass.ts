import { watchDomains } from '../alerts/watch.ts';
import type { Config } from '../config.ts';
import { type ExitCode, Problem } from '../errors.ts';
import { afterRun } from '../metrics/gather.ts';
import { packageVersion } from '../version.ts';
import { type Context, explainPlace } from './context.ts';

/** A pass that is over. */
export interface Passed {
  readonly config: Config;
  /** How long it took, ms. */
  readonly duration: number;
  readonly exitCode: ExitCode;
  /** What stopped it before its end. */
  readonly reason?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Told that the alert command failed: that stops nothing else. */
  readonly onAlertFault: (problem: Problem) => void;
}

/**
 * What follows a pass of `run` or `follow`: the admin's command is told of domains that began to fail, and the monitor
 * how it went.
 * @throws Problem (cannotWrite) when the metrics cannot be written
 */
export async function afterPass(
  context: Pick<Context, 'ledger' | 'clock' | 'host' | 'configPath'>,
  { config, duration, exitCode, reason, env, onAlertFault }: Passed,
): Promise<void> {
  const { ledger, clock, host } = context;
  try {
    await watchDomains({ ledger, clock, host, config, env, place: explainPlace({ ...context, config }) });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    onAlertFault(error);
  }
  const run = { at: clock.now(), seconds: Math.round(duration) / 1000, exitCode, reason };
  await afterRun({ ledger, clock, host, config, version: packageVersion() }, run);
}
