import { type AlertDeps, watchDomains } from '../alerts/watch.ts';
import { Problem } from '../errors.ts';

/**
 * Tells the admin's command of domains that began to fail; that it cannot be told stops nothing else. Of the hosts of a
 * fleet that want to be told, one at a time looks, and what it was told the others are not told again.
 */
export async function giveAlerts(deps: AlertDeps, onFault: (problem: Problem) => void): Promise<void> {
  if (deps.config.alerts.command === undefined) return;
  try {
    await deps.ledger.lead(() => watchDomains(deps));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    onFault(error);
  }
}
