import type { Ledger } from '../ledger/ledger.ts';
import { snapshotId, snapshotJson } from './snapshot.ts';
import { stretches, type Timeline } from './timeline.ts';

/** Domains of one pass; more than any archive holds. */
const MAX_DOMAINS = 1_000_000;

/**
 * Gives tallies that have no policies yet those of a recorded timeline, hour by hour (`backfill --policies FILE`).
 * Hours the timeline does not reach stay as they are: `no-policy-found` unless the log proves otherwise.
 * @returns how many domains the timeline knew something of.
 */
export async function attributeFromTimeline(
  ledger: Pick<Ledger, 'unattributed' | 'attribute'>,
  timeline: Timeline,
): Promise<number> {
  let known = 0;
  for (const { domain, fromHour, toHour } of await ledger.unattributed(MAX_DOMAINS)) {
    const found = stretches(timeline, domain, fromHour, toHour);
    for (const { snapshot, foundAt, ...hours } of found) {
      const stored = { id: snapshotId(snapshot), domain, content: snapshotJson(snapshot) };
      await ledger.attribute(stored, foundAt, hours.fromHour, hours.toHour);
    }
    if (found.length > 0) known++;
  }
  return known;
}
