import { type AlertDeps, watchDomains } from '../alerts/watch.ts';
import { Problem } from '../errors.ts';

/** Tells the admin's command of domains that began to fail; that it cannot be told stops nothing else. */
export async function giveAlerts(deps: AlertDeps, onFault: (problem: Problem) => void): Promise<void> {
  try {
    await watchDomains(deps);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    onFault(error);
  }
}
