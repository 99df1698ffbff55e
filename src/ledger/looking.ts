import type { Ledger } from './ledger.ts';
import * as notes from './notes.ts';
import { overlaid } from './overlay.ts';
import type { SqlConnection } from './sql.ts';

/**
 * The ledger of one who may only read it: what a command notes for the next one by the way is forgotten, for it can be
 * found out again. What a command is there to write is refused as ever.
 */
export function lookingLedger(ledger: Ledger, connection: SqlConnection): Ledger {
  let name: string | undefined;
  return overlaid(ledger, {
    async instance() {
      // One for all that is shown now; the first who may write makes the one that is kept.
      name ??= (await notes.knownInstance(connection)) ?? notes.newInstance();
      return name;
    },
    setNote: async () => undefined,
    cache: async () => undefined,
  });
}
