import type { Day } from '../day.ts';
import { EXIT, Problem } from '../errors.ts';
import { buildMessage } from './message.ts';
import type { DeliveryDeps } from './outbox.ts';
import { failingSince } from './parcel.ts';
import { leaving } from './past.ts';
import { toTarget } from './target.ts';

/**
 * Mails every mail and POST that is due to one address of the operator's, the true rua shown in head and text
 * (`send --to`). The outbox stays as it is.
 * @param released a day that goes however old it is
 * @returns how many mails went
 * @throws Problem (usage) if `to` is no plain address; (unavailable) if the MTA does not take a mail
 */
export async function rehearse(deps: DeliveryDeps, to: string, released?: Day): Promise<number> {
  const { ledger, transports, clock } = deps;
  const target = toTarget(`mailto:${to}`);
  if (target?.kind !== 'mail')
    throw new Problem(EXIT.usage, `"${to}" is no plain mail address`, { help: 'such as me@example.com' });
  let sent = 0;
  for await (const { row, report } of leaving(deps, released)) {
    if (row.rua.startsWith('directory:')) continue;
    const { from, submitter, keys } = transports.setup;
    const message = await buildMessage({
      report,
      to: target.address,
      rua: row.rua,
      from,
      submitter,
      keys,
      since: await failingSince(ledger, report),
      time: clock.now(),
      rehearsal: true,
    });
    const handover = await transports.mail.send({ from, to: target.address, message });
    if (handover.kind !== 'sent')
      throw new Problem(EXIT.unavailable, `the rehearsal was not taken: ${handover.reason}`, {
        where: target.address,
      });
    sent++;
  }
  return sent;
}
