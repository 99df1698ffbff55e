import { tellPast } from './delivery.ts';
import { readDeliveryHead } from './delivery-line.ts';
import type { TextReading } from './reading.ts';
import { bind, dropStale, type Request } from './request.ts';
import { emitNative } from './telling.ts';

/**
 * A delivery line cut before `dsn=`. It ties what its process said before to its message, so that no later one gets it,
 * and may name the domain that the servers tried before were waiting for. Only a further recipient's line can tell
 * what came of the last of them.
 * @param at where `to=` begins.
 */
export function takeCutDelivery(reading: TextReading, request: Request, queueId: string, at: number): void {
  const head = readDeliveryHead(reading.entry.message, at);
  dropStale(request, head?.relay?.name, head?.relay?.port ?? '');
  for (const stale of bind(request, queueId)) emitNative(reading, stale);
  if (head !== undefined) tellPast(reading, request, head.domain, undefined);
}
