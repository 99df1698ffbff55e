import { z } from 'zod';
import type { Ledger } from '../ledger/ledger.ts';
import type { JsonObject } from '../parser.ts';

const lastRunSchema = z.strictObject({
  at: z.number(),
  seconds: z.number(),
  exitCode: z.number(),
  reason: z.string().optional(),
});

/** The last pass of `run` or `follow`, as it notes it in the ledger. */
export interface LastRun {
  /** UTC ms of its end. */
  readonly at: number;
  readonly seconds: number;
  readonly exitCode: number;
  /** What stopped it before its end, and what to do. */
  readonly reason?: string | undefined;
}

/** How the last pass of `run` on a host went; undefined before the first. */
export async function lastRunOf(ledger: Ledger, host: string): Promise<LastRun | undefined> {
  return lastRunSchema.safeParse(await ledger.note(`last-run:${host}`)).data;
}

/** Notes how a pass went. */
export async function noteRun(ledger: Ledger, host: string, run: LastRun): Promise<void> {
  await ledger.setNote(`last-run:${host}`, JSON.parse(JSON.stringify(run)) as JsonObject);
}
