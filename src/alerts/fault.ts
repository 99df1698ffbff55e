import { z } from 'zod';
import type { Ledger } from '../ledger/ledger.ts';

const NOTE = 'alert-fault';

const faultSchema = z.strictObject({
  /** When it failed first and last, UTC ms; it has not worked in between. */
  since: z.number(),
  at: z.number(),
  times: z.number(),
  reason: z.string(),
});

/** That the alert command failed whenever it was called of late. */
export type AlertFault = z.infer<typeof faultSchema>;

/** How the alert command fails; undefined where it worked the last time, or was never called. */
export async function alertFaultOf(ledger: Ledger): Promise<AlertFault | undefined> {
  return faultSchema.safeParse(await ledger.note(NOTE)).data;
}

/** Notes that the alert command failed. @param at UTC ms */
export async function noteAlertFault(ledger: Ledger, at: number, reason: string): Promise<void> {
  const before = await alertFaultOf(ledger);
  await ledger.setNote(NOTE, { since: before?.since ?? at, at, times: (before?.times ?? 0) + 1, reason });
}

/** Notes that the alert command works. */
export async function forgetAlertFault(ledger: Ledger): Promise<void> {
  await ledger.dropNotes([NOTE]);
}
