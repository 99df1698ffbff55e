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
  /** Of tlsproxy. */
  pid: number;
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
type NotePart = Partial<Omit<ProxyNote, 'pid' | 'name' | 'address' | 'time'>>;

/** A note older than this is of a connection whose smtp lines were lost. */
const NOTE_MS = 120_000;
/** The smtp process hears of a handshake's end at once. */
const ANSWER_MS = 30_000;
/** So soon it gives the server up, or prints its own summary. */
const AT_ONCE_MS = 3000;
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
  part: NotePart,
  emit: Emit,
  settings: HostSettings,
): void {
  const key = notesKey(entry.host);
  const kept = (open.get(key) as Notes | undefined)?.notes ?? [];
  const fresh = kept.filter((note) => entry.time - note.time <= NOTE_MS).slice(-MOST_NOTES);
  for (const note of kept) if (!fresh.includes(note)) emitNote(note, emit, settings);
  const address = addressOf(peer.name);
  const name = peer.name.startsWith('[') ? '' : peer.name;
  const { pid, time } = entry;
  const known = fresh.findLast((note) => isSameHandshake(note, { pid, name, address, time }, part));
  if (known === undefined) fresh.push({ pid, name, address, time, ...part });
  else Object.assign(known, part, name === '' ? {} : { name });
  open.set(key, { notes: fresh }, NOTES_IDLE_S);
}

function isSameHandshake(
  note: ProxyNote,
  { pid, name, address, time }: Pick<ProxyNote, 'pid' | 'name' | 'address' | 'time'>,
  part: NotePart,
): boolean {
  if (note.pid !== pid || note.address !== address) return false;
  if (name !== '' && note.name !== '' && note.name !== name) return false;
  if (time - note.time > HANDSHAKE_MS) return false;
  const isNew = Object.keys(part).every((field) => note[field as keyof ProxyNote] === undefined);
  return isNew && mayFollow(note, part);
}

/**
 * Whether one handshake prints the part behind what is noted: first that records are unusable, at last that it broke
 * or, where it did not, what the certificate lacks; native's word behind that of which it tells.
 */
function mayFollow(note: ProxyNote, part: NotePart): boolean {
  const { native } = part;
  if (part.unusable !== undefined) return false;
  if (isBroken(note)) return part.broken === true || (native !== undefined && isBroken({ native }));
  const isJudged = note.certificate !== undefined || note.resumed === true;
  if (part.broken === true) return !isJudged && note.unusable !== undefined;
  if (native !== undefined) return !isBroken({ native });
  return note.native === undefined || note.unusable !== undefined;
}

/** Whether tlsproxy or native said that the handshake broke. */
export function isBroken({ broken, native }: NotePart): boolean {
  return broken === true || native?.fault?.reason === 'tls-handshake-failure';
}

/** Which note on a server is looked for. */
export interface Wanted {
  /** `H[A]`. */
  readonly name: string;
  /** UTC ms at which the smtp process heard of it. */
  readonly time: number;
  /** That time is known to be the end of the handshake. */
  readonly atOnce?: boolean;
  /** Whose report it would be for. */
  readonly domain: string | undefined;
  readonly serves: (note: ProxyNote) => boolean;
}

/**
 * Takes the note on this server that serves: native's word on the domain, else one that is no word on any, else any;
 * of several the nearest in time.
 */
export function takeNoteOf(host: string, open: OpenSessions, wanted: Wanted): ProxyNote | undefined {
  const key = notesKey(host);
  const stored = open.get(key) as Notes | undefined;
  if (stored === undefined) return undefined;
  const { domain } = wanted;
  const matching = matchingOf(stored, wanted);
  const found =
    domain === undefined
      ? matching[0]
      : (matching.find((note) => note.native?.domain === domain) ??
        matching.find((note) => note.native === undefined) ??
        matching[0]);
  if (found !== undefined) drop(key, stored, found, open);
  return found;
}

/** Whether there is one. */
export function hasNoteOf(host: string, open: OpenSessions, wanted: Wanted): boolean {
  const stored = open.get(notesKey(host)) as Notes | undefined;
  return stored !== undefined && matchingOf(stored, wanted).length > 0;
}

function matchingOf({ notes }: Notes, { name, time, atOnce, serves }: Wanted): ProxyNote[] {
  const address = addressOf(name);
  const longest = atOnce === true ? AT_ONCE_MS : ANSWER_MS;
  return notes
    .filter(
      (note) =>
        note.address === address &&
        (note.name === '' || note.name === name) &&
        isNear(note, time, longest) &&
        serves(note),
    )
    .sort((a, b) => Math.abs(time - a.time) - Math.abs(time - b.time));
}

function isNear(note: ProxyNote, time: number, longest: number): boolean {
  return note.time <= time + SKEW_MS && time - note.time <= longest;
}

/**
 * The note of a broken handshake whose smtp line names no server: native's word on the domain, else one on the server
 * that then took the mail in clear text, else the only one there is. Of several the nearest in time: another process
 * may have met the same failure a moment before, and has not told of its delivery yet.
 * @param domain undefined as long as nobody knows whose report it would be for.
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
    .filter((note) => isBroken(note) && isNear(note, time, AT_ONCE_MS))
    .sort((a, b) => Math.abs(time - a.time) - Math.abs(time - b.time));
  const others = domain === undefined ? recent : recent.filter((note) => note.native === undefined);
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
