import { hash } from 'node:crypto';
import { type Day, dayOf } from '../day.ts';
import type { TallyKey } from './ledger.ts';
import type { SqlValue } from './sql.ts';

const HOUR_MS = 3_600_000;

/** The columns of a tally's key but for the hour, in the order of {@link kindValues}. */
export const KIND_COLUMNS = [
  'host',
  'parser',
  'domain',
  'outcome',
  'result_type',
  'reason',
  'mx',
  'receiving_ip',
  'sending_ip',
  'peer_trust',
  'tls_version',
  'policy_hint',
  'basis',
  'resumed',
  'own',
] as const;

/** Sessions to be counted. */
export interface TallyPart {
  readonly key: TallyKey;
  readonly count: number;
  /** UTC ms. */
  readonly ingestedAt: number;
  /** Start of the last UTC hour in which there was such a session, ms; as a rule that of the key. */
  readonly lastHour?: number;
  /** '' while no policies are known. */
  readonly snapshot?: string;
  readonly revision?: number;
}

/** What is counted of a kind in one hour. */
export interface KindHour {
  /** Its start, UTC ms. */
  readonly hour: number;
  sessions: number;
  ingestedAt: number;
  lastHour: number;
}

/** Tallies of one day that differ by the hour alone. */
export interface TallyKind {
  readonly day: Day;
  /** That of any of its tallies. */
  readonly key: TallyKey;
  readonly snapshot: string;
  readonly revision: number;
  /** No more than a day has. */
  readonly hours: KindHour[];
}

/**
 * By day, host and domain, then by MX host and what failed there: what differs in the rest is so little that it is looked
 * through. A domain that gets its policies may have been met by thousands of hosts, or on a year's days.
 */
type Found = Map<Day, Map<string, Map<string, Map<string, TallyKind[]>>>>;

/**
 * Adds up what is of one key, snapshot and revision. Most tallies differ from others of their day by nothing but the
 * hour, and what they share is named, handed to the database and hashed once for all of them.
 */
export function tallyKinds(parts: Iterable<TallyPart>): TallyKind[] {
  const kinds: TallyKind[] = [];
  const found: Found = new Map();
  const nameOfDay = dayNamer();
  for (const part of parts) {
    const day = nameOfDay(part.key.hour);
    const alike = placeOf(found, day, part.key);
    let kind = alike.find((one) => isOfKind(one, part, day));
    if (kind === undefined) {
      kind = { day, key: part.key, snapshot: part.snapshot ?? '', revision: part.revision ?? 0, hours: [] };
      alike.push(kind);
      kinds.push(kind);
    }
    countInto(kind.hours, part);
  }
  return kinds;
}

function placeOf(found: Found, day: Day, key: TallyKey): TallyKind[] {
  const { receivingMxHostname: mx = '', failureReasonCode = '', receivingIp = '', sendingMtaIp = '' } = key;
  const inner = key.outcome === 'success' ? mx : `${mx} ${receivingIp} ${failureReasonCode} ${sendingMtaIp}`;
  const ofDomain = mapIn(mapIn(mapIn(found, day), key.host), key.recipientDomain);
  const alike = ofDomain.get(inner) ?? [];
  if (alike.length === 0) ofDomain.set(inner, alike);
  return alike;
}

/** The map that a map has under a name, made where there is none yet. */
function mapIn<K, V>(outer: Map<string, Map<K, V>>, name: string): Map<K, V> {
  const known = outer.get(name);
  if (known !== undefined) return known;
  const made = new Map<K, V>();
  outer.set(name, made);
  return made;
}

function isOfKind(kind: TallyKind, { key, snapshot = '', revision = 0 }: TallyPart, day: Day): boolean {
  const other = kind.key;
  return (
    kind.day === day &&
    kind.snapshot === snapshot &&
    kind.revision === revision &&
    isSame(other.peerTrust, key.peerTrust) &&
    isSame(other.tlsVersion, key.tlsVersion) &&
    other.outcome === key.outcome &&
    other.basis === key.basis &&
    isSame(other.policyTypeHint, key.policyTypeHint) &&
    other.resumed === key.resumed &&
    (other.own === true) === (key.own === true) &&
    isSame(other.resultType, key.resultType) &&
    isSame(other.failureReasonCode, key.failureReasonCode) &&
    isSame(other.receivingMxHostname, key.receivingMxHostname) &&
    isSame(other.receivingIp, key.receivingIp) &&
    isSame(other.sendingMtaIp, key.sendingMtaIp) &&
    other.recipientDomain === key.recipientDomain &&
    other.host === key.host &&
    other.parser === key.parser
  );
}

/** An absent text and an empty one are stored as one. */
function isSame(a = '', b = ''): boolean {
  return a === b;
}

function countInto(hours: KindHour[], { key, count, ingestedAt, lastHour = key.hour }: TallyPart): void {
  const known = hours.find(({ hour }) => hour === key.hour);
  if (known === undefined) {
    hours.push({ hour: key.hour, sessions: count, ingestedAt, lastHour });
  } else {
    known.sessions += count;
    known.ingestedAt = Math.max(known.ingestedAt, ingestedAt);
    known.lastHour = Math.max(known.lastHour, lastHour);
  }
}

/** A key's values as stored: absent texts are '', so that equal keys are equal to the database too. */
export function kindValues(key: TallyKey): SqlValue[] {
  return [
    key.host,
    key.parser,
    key.recipientDomain,
    key.outcome,
    key.resultType ?? '',
    key.failureReasonCode ?? '',
    key.receivingMxHostname ?? '',
    key.receivingIp ?? '',
    key.sendingMtaIp ?? '',
    key.peerTrust ?? '',
    key.tlsVersion ?? '',
    key.policyTypeHint ?? '',
    key.basis,
    key.resumed === undefined ? '' : String(key.resumed),
    key.own === true ? 1 : 0,
  ];
}

/** A short stand-in for the columns of a kind, to index on: 22 characters. */
export function kindDigest(values: readonly SqlValue[]): string {
  return hash('sha256', JSON.stringify(values), 'base64').slice(0, 22);
}

/**
 * What a tally is called among those of its day and domain: tallies of a kind follow each other, hour by hour.
 * @param since ms since the day began
 */
export function tallyName(digest: string, since: number): string {
  return digest + String(since / HOUR_MS).padStart(2, '0');
}

/** A day's name costs more than all else about a tally, and thousands share an hour. */
function dayNamer(): (hour: number) => Day {
  const known = new Map<number, Day>();
  return (hour) => {
    const name = known.get(hour) ?? dayOf(hour);
    known.set(hour, name);
    return name;
  };
}
