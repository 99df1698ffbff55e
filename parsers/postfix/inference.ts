import type { DeliveryLine } from './delivery-line.ts';
import type { HostSettings } from './options.ts';
import type { EntryHead } from './reading.ts';
import type { Reason } from './reasons.ts';
import type { Request } from './request.ts';
import { BARE_LIMIT, isLevelNone, type TagFacts } from './tag-facts.ts';
import { verdictOf } from './tls-field.ts';

/** What a guard may look at. */
export interface Witness {
  readonly entry: EntryHead;
  readonly line: DeliveryLine;
  readonly reason: Reason | undefined;
  readonly request: Request;
  readonly facts: TagFacts;
  readonly settings: HostSettings;
  readonly midStream: boolean;
}

/** Stamps of whole seconds and figures of two digits: a request may seem to begin this much too late. */
const SLACK_MS = 2000;

/**
 * Whether the delivery went over a connection of its own in clear text that Postfix would have encrypted had it been
 * offered. A line without any word of TLS proves that only where words of TLS are known to be logged.
 */
export function wentInClear(witness: Witness): boolean {
  if (!isPlainDelivery(witness)) return false;
  const { tls, relay } = witness.line;
  if (tls !== undefined) return verdictOf(tls) === 'plaintext';
  return isPublic(witness) && logsTls(witness) && !isLevelNone(witness.facts, relay?.name ?? '');
}

/** A delivery without any word of TLS that counts towards "nobody logs TLS here". */
export function isBare(witness: Witness): boolean {
  return witness.line.tls === undefined && isPlainDelivery(witness) && isPublic(witness);
}

function isPlainDelivery({ line, reason, request, facts, entry, midStream }: Witness): boolean {
  if (line.relay === undefined || line.reused) return false;
  const { name } = line.relay;
  if (request.hidden === true || request.hidden === name || request.begun === name) return false;
  if (reason === undefined || reason.kind !== 'other') {
    // Broken off: with the field the level had been decided, without it nobody knows.
    if (reason?.kind !== 'lost' || line.tls === undefined) return false;
  }
  // A handshake that failed and a TLS session that broke both end in a second try in clear text.
  if (hasMet(request, name) || request.unknownBroken === true) return false;
  const began = entry.time - line.duration * 1000;
  return !midStream || began - SLACK_MS > facts.since;
}

/** By its name, or by its address where no line told more. */
function hasMet({ met }: Request, name: string): boolean {
  return met.includes(name) || met.includes(name.slice(name.indexOf('[')));
}

/** Whether a handshake would have left a line: told by configuration, or shown by this tag itself. */
export function logsTls({ settings, facts }: Pick<Witness, 'settings' | 'facts'>): boolean {
  const isSilent = (facts.bare ?? 0) >= BARE_LIMIT;
  if (settings.tlsLogLevel === undefined) return facts.summary === true && !isSilent;
  // So many deliveries and never a TLS session: smtp_tls_security_level is none.
  return settings.tlsLogLevel >= 1 && (facts.summary === true || !isSilent);
}

/** Servers of one's own network are often told to go without TLS, in tables a log does not show. */
function isPublic({ line: { relay }, settings }: Witness): boolean {
  return relay !== undefined && settings.peers.of(relay.name)?.public === true;
}
