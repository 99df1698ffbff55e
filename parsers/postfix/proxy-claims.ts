import type { Connection } from './connection.ts';
import { apply, takeBrokenNote, takeNoteOf } from './proxy-notes.ts';
import type { Reading } from './reading.ts';
import type { Reason } from './reasons.ts';

/**
 * Puts into a connection what tlsproxy said of it: what failed by the reason of the smtp line, or the TLSA records
 * that could not be used. Returns whether a note was found.
 */
export function claimNote(
  { entry, open }: Reading,
  connection: Connection,
  reason: Reason | undefined,
  domain: string | undefined,
): boolean {
  if (connection.native !== undefined) return false;
  const broken = reason?.kind === 'handshake';
  const refused = reason?.kind === 'certificate' || reason?.kind === 'requiretls-certificate';
  if (!broken && !refused && connection.established === undefined) return false;
  const note = takeNoteOf(entry.host, open, connection.name, entry.time, domain, (candidate) => {
    if (candidate.unusable !== undefined) return true;
    const isBroken = candidate.broken === true || candidate.native?.fault?.reason === 'tls-handshake-failure';
    return isBroken ? broken : refused;
  });
  if (note === undefined) return false;
  apply(note, connection);
  return true;
}

/** Finds the server of a broken handshake whose smtp line named none. */
export function nameBroken(
  { entry, open }: Reading,
  connection: Connection,
  domain: string | undefined,
  relay: string | undefined,
): void {
  const note = takeBrokenNote(entry.host, open, connection.time, domain, relay);
  if (note !== undefined) apply(note, connection);
}
