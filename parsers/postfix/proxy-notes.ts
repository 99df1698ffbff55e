import type { Emit, LogEntry, OpenSessions } from 'maillog-tlsrpt/parser';
import type { Connection, NativeWord } from './connection.ts';
import type { HostSettings } from './options.ts';
import type { PeerText } from './peer.ts';
import type { Fault } from './reasons.ts';
import { connectionSession } from './session-builder.ts';

/**
 * What tlsproxy logged of one connection it makes for an smtp process (smtp_tls_connection_reuse = yes). It serves
 * many at once under its own pid, so a note waits for the smtp line it belongs to and is found by the server.
 */
export type ProxyNote = {
  /** `H[A]`; empty where the line names but the address. */
  name: string;
  address: string;
  time: number;
  certificate?: Fault;
  unusable?: Fault;
  native?: NativeWord;
  /** `TLS handshake failed … peer=[A]:port`. */
  broken?: true;
  /** The TLS session was resumed with a certificate that had failed before. */
  resumed?: true;
};

type Notes = { notes: ProxyNote[] };

/** A note older than this is of a connection whose smtp lines were lost. */
const NOTE_MS = 120_000;
/** The smtp process hears of a handshake's end at once. */
const ANSWER_MS = 30_000;
/** So soon it gives the server up, where it tells no more of it than that. */
const BROKEN_MS = 3000;
/** Lines of one handshake stand within this. */
const HANDSHAKE_MS = 2000;
/** smtp and tlsproxy log through different sockets: a note may bear a slightly later stamp. */
const SKEW_MS = 2000;
const MOST_NOTES = 200;
/** Seconds in which the notes of a host are kept without a new one. */
const NOTES_IDLE_S = 600;

const PREFIX = 'proxy ';

/** Adds a part to the note of the handshake it belongs to, or begins a new note. */
export function takeNote(
  entry: LogEntry,
  open: OpenSessions,
  peer: Pick<PeerText, 'name'>,
  part: Partial<Omit<ProxyNote, 'name' | 'address' | 'time'>>,
  emit: Emit,
  settings: HostSettings,
): void {
  const key = notesKey(entry.host);
  const kept = (open.get(key) as Notes | undefined)?.notes ?? [];
  const fresh = kept.filter((note) => entry.time - note.time <= NOTE_MS).slice(-MOST_NOTES);
  for (const note of kept) if (!fresh.includes(note)) emitNote(note, emit, settings);
  const address = addressOf(peer.name);
  const name = peer.name.startsWith('[') ? '' : peer.name;
  const known = fresh.findLast((note) => isSameHandshake(note, name, address, entry.time, part));
  if (known === undefined) fresh.push({ name, address, time: entry.time, ...part });
  else Object.assign(known, part, name === '' ? {} : { name });
  open.set(key, { notes: fresh }, NOTES_IDLE_S);
}

function isSameHandshake(
  note: ProxyNote,
  name: string,
  address: string,
  time: number,
  part: Partial<ProxyNote>,
): boolean {
  if (note.address !== address || (name !== '' && note.name !== '' && note.name !== name)) return false;
  if (time - note.time > HANDSHAKE_MS) return false;
  return Object.keys(part).every((field) => note[field as keyof ProxyNote] === undefined);
}

/** Takes the oldest note on this server that serves, best one for the domain; undefined if there is none. */
export function takeNoteOf(
  host: string,
  open: OpenSessions,
  name: string,
  time: number,
  domain: string | undefined,
  serves: (note: ProxyNote) => boolean,
): ProxyNote | undefined {
  const key = notesKey(host);
  const stored = open.get(key) as Notes | undefined;
  if (stored === undefined) return undefined;
  const address = addressOf(name);
  const matching = stored.notes.filter(
    (note) =>
      note.address === address &&
      (note.name === '' || note.name === name) &&
      note.time <= time + SKEW_MS &&
      time - note.time <= ANSWER_MS &&
      serves(note),
  );
  const found = matching.find((note) => note.native?.domain === domain) ?? matching[0];
  if (found !== undefined) drop(key, stored, found, open);
  return found;
}

/**
 * The note of a broken handshake whose smtp line names no server: native's word on the domain, else one on the server
 * that then took the mail in clear text, else the only one there is. Of several the nearest in time: another process
 * may have met the same failure a moment before, and has not told of its delivery yet.
 */
export function takeBrokenNote(
  host: string,
  open: OpenSessions,
  time: number,
  domain: string | undefined,
  retried: string | undefined,
): ProxyNote | undefined {
  const key = notesKey(host);
  const stored = open.get(key) as Notes | undefined;
  if (stored === undefined) return undefined;
  const address = retried === undefined ? undefined : addressOf(retried);
  const recent = stored.notes
    .filter(
      (note) =>
        (note.broken === true || note.native?.fault?.reason === 'tls-handshake-failure') &&
        note.time <= time + SKEW_MS &&
        time - note.time <= BROKEN_MS,
    )
    .sort((a, b) => Math.abs(time - a.time) - Math.abs(time - b.time));
  const others = recent.filter((note) => note.native === undefined);
  const found =
    recent.find((note) => note.native !== undefined && note.native.domain === domain) ??
    others.find((note) => note.address === address) ??
    (others.length === 1 ? others[0] : undefined);
  if (found !== undefined) drop(key, stored, found, open);
  return found;
}

function drop(key: string, stored: Notes, note: ProxyNote, open: OpenSessions): void {
  open.set(key, { notes: stored.notes.filter((other) => other !== note) }, NOTES_IDLE_S);
}

/** Puts what a note says into the connection it belongs to. */
export function apply(note: ProxyNote, connection: Connection): void {
  if (connection.name === '') connection.name = note.name === '' ? `[${note.address}]` : note.name;
  if (note.certificate !== undefined) connection.certificate ??= note.certificate;
  if (note.unusable !== undefined) connection.unusable ??= note.unusable;
  if (note.native !== undefined) connection.native ??= note.native;
  if (note.resumed === true) connection.resumed = true;
}

/** The key of a host's notes. */
export function notesKey(host: string): string {
  return PREFIX + host;
}

/** Whether the key holds the notes of a host. */
export function isNotesKey(key: string): boolean {
  return key.startsWith(PREFIX);
}

/** What native said is true even if no smtp line came to claim it. */
export function emitNotes(value: unknown, emit: Emit, settings: HostSettings): void {
  for (const note of (value as Notes).notes) emitNote(note, emit, settings);
}

function emitNote(note: ProxyNote, emit: Emit, settings: HostSettings): void {
  const { native, name } = note;
  if (native === undefined) return;
  const outcome = {
    basis: 'tlsrpt-line',
    ...(native.fault !== undefined && { fault: native.fault }),
  } as const;
  const context = { settings, recipientDomain: undefined, own: false };
  const session = connectionSession({ name, port: '', time: native.time, native }, outcome, context);
  if (session !== undefined) emit(session);
}

function addressOf(name: string): string {
  return name.slice(name.indexOf('[') + 1, -1);
}
