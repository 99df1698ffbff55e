import { z } from 'zod';
import type { Ledger } from '../ledger/ledger.ts';
import type { LastRun } from './series.ts';

const lastRunSchema = z.strictObject({ at: z.number(), seconds: z.number(), exitCode: z.number() });

/** How the last pass of `run` on a host went; undefined before the first. */
export async function lastRunOf(ledger: Ledger, host: string): Promise<LastRun | undefined> {
  return lastRunSchema.safeParse(await ledger.note(`last-run:${host}`)).data;
}
