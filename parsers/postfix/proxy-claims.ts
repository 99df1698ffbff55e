import type { Connection } from './connection.ts';
import { apply, type ProxyNote, takeBrokenNote, takeNoteOf } from './proxy-notes.ts';
import type { Reading } from './reading.ts';
import type { Reason } from './reasons.ts';

/** At the summary of a connection: tlsproxy may have said that its TLSA records could not be used. */
export function claimUnusable({ entry, open }: Reading, connection: Connection): void {
  if (connection.native !== undefined || connection.unusable !== undefined) return;
  const isUnusable = ({ unusable, native }: ProxyNote) =>
    unusable !== undefined || native?.fault?.type === 'tlsa-invalid';
  const note = takeNoteOf(entry.host, open, connection.name, entry.time, undefined, isUnusable);
  if (note !== undefined) apply(note, connection);
}

/**
 * Puts into a connection what tlsproxy said of a failure that the smtp line only names. Returns whether a note was
 * found.
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
  // An smtp process that makes the handshake itself has said all there is to say.
  if (!(broken && connection.broken === undefined) && !(refused && connection.certificate === undefined))
    return false;
  const note = takeNoteOf(entry.host, open, connection.name, entry.time, domain, (candidate) => {
    const isBroken = candidate.broken === true || candidate.native?.fault?.reason === 'tls-handshake-failure';
    return isBroken ? broken : refused;
  });
  if (note === undefined) return false;
  apply(note, connection);
  return true;
}

/**
 * Finds the server of a broken handshake whose smtp line named none.
 * @param retried the server that then took the mail in clear text, which it does where its own handshake broke.
 */
export function nameBroken(
  { entry, open }: Reading,
  connection: Connection,
  domain: string | undefined,
  retried: string | undefined,
): void {
  const note = takeBrokenNote(entry.host, open, connection.time, domain, retried);
  if (note === undefined) return;
  if (note.name === '' && retried?.endsWith(`[${note.address}]`) === true) connection.name = retried;
  apply(note, connection);
}
