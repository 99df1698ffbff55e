import type { Connection } from './connection.ts';
import { nextHopDomain } from './next-hop.ts';
import { apply, hasNoteOf, isBroken, type ProxyNote, takeBrokenNote, takeNoteOf } from './proxy-notes.ts';
import type { Reading } from './reading.ts';
import type { Reason } from './reasons.ts';
import { meet, type Request } from './request.ts';

/** At the summary of a connection: what tlsproxy said of its handshake before. */
export function claimAtSummary(reading: Reading, connection: Connection): void {
  const { entry, open } = reading;
  if (connection.native !== undefined || open.get(reading.keys.proxyNotes) === undefined) return;
  const { name } = connection;
  const near = { name, time: entry.time, domain: undefined };
  const isUnusable = ({ unusable, native }: ProxyNote) =>
    unusable !== undefined || native?.fault?.type === 'tlsa-invalid';
  if (connection.unusable === undefined) {
    const note = takeNoteOf(entry.host, open, { ...near, serves: isUnusable });
    if (note !== undefined) apply(note, connection);
  }
  if (hasNoteOf(entry.host, open, { ...near, atOnce: true, serves: isTold })) connection.told = true;
}

/** Whether native told of a certificate that did not do. */
function isTold(note: ProxyNote): boolean {
  return note.native !== undefined && !isBroken(note);
}

/**
 * Puts into a connection what tlsproxy said of a failure that the smtp line only names. Returns whether a note was
 * found.
 * @param domain of the recipient; undefined as long as no line named it.
 */
export function claimNote(
  reading: Reading,
  connection: Connection,
  reason: Reason | undefined,
  domain: string | undefined,
): boolean {
  const { entry, open, settings } = reading;
  const { name, port, established } = connection;
  // Nearly all mail: neither its reason nor a note is about TLS.
  if (reason?.kind === 'other' && connection.told !== true) return false;
  const nextHop = nextHopDomain(settings.peers.of(name), port, domain, settings.nextHops);
  const serves = serving(connection, reason, nextHop);
  if (serves === undefined) return false;
  const isAfterTls = reason?.kind !== 'handshake' && established !== undefined;
  const note = takeNoteOf(entry.host, open, {
    name,
    time: isAfterTls ? established : entry.time,
    atOnce: isAfterTls,
    domain: nextHop,
    serves,
  });
  if (note === undefined) return false;
  apply(note, connection);
  return true;
}

/** Which notes may be of a connection that ended so; undefined if none. */
function serving(
  { broken, certificate, native, told }: Connection,
  reason: Reason | undefined,
  domain: string | undefined,
): ((note: ProxyNote) => boolean) | undefined {
  // An smtp process that makes the handshake itself has said all there is to say.
  if (reason?.kind === 'handshake')
    return broken === undefined && native === undefined ? isBroken : undefined;
  if (reason?.kind === 'certificate' || reason?.kind === 'requiretls-certificate') {
    if (certificate !== undefined) return undefined;
    // One status a connection: what smtp told of itself, tlsproxy did not. Its verdict must not wait for the next.
    return native === undefined
      ? (note) => !isBroken(note)
      : (note) => !isBroken(note) && note.native === undefined;
  }
  // Mail that was taken in spite of its certificate (log level keyword `untrusted`), of which native tells all the same.
  if (told !== true || native !== undefined || domain === undefined) return undefined;
  return (note) => isTold(note) && note.native?.domain === domain;
}

/**
 * Finds the servers of broken handshakes whose smtp lines named none, in the order of these lines.
 * @param domain of the recipient; undefined as long as no line named it.
 * @param retried the server that then took the mail in clear text, which it does where its own handshake broke.
 */
export function nameBroken(
  { entry, open }: Reading,
  request: Request,
  domain: string | undefined,
  retried: string | undefined,
): void {
  for (const connection of request.past) {
    if (isUnnamedBroken(connection)) {
      const note = takeBrokenNote(entry.host, open, connection.time, domain, retried);
      if (note !== undefined) apply(note, connection);
    }
    const { name } = connection;
    if (name.startsWith('[') && retried?.endsWith(name) === true) connection.name = retried;
    if (name !== '') meet(request, name);
  }
}

/** Whether no line names the server of this broken handshake. */
export function isUnnamedBroken({ name, outcome }: Connection): boolean {
  return name === '' && outcome?.fault?.type === 'validation-failure';
}
