import { existsSync, readFileSync } from 'node:fs';
import { parser } from '../../../parsers/exim/index.ts';
import { readSessions } from '../../../src/logs/read-sessions.ts';
import { zoneOf } from '../../../src/logs/zone.ts';
import type { LineReading } from '../../../src/parser.ts';
import type { Session } from '../../../src/session.ts';

/** One connection as its receiver in the lab saw it; only the fields used here. */
export interface Connection {
  readonly t_start: string;
  readonly t_end: string;
  readonly scenario: string;
  readonly local: string;
  readonly handshake: string | null;
  readonly end: string;
  readonly txns: readonly { readonly rcpt: readonly (readonly [string, string])[] }[];
}

/** A run of the lab: Exim's log, and what the receivers saw. */
export interface LabRun {
  readonly sessions: readonly Session[];
  readonly readings: readonly LineReading[];
  readonly connections: readonly Connection[];
}

/** How sessions and connections go together. */
export interface Match {
  readonly pairs: readonly { readonly session: Session; readonly connection: Connection }[];
  /** Connections no session tells of. */
  readonly unseen: readonly Connection[];
  /** Sessions that no connection belongs to. */
  readonly without: readonly Session[];
}

export function labPath(run: string, file: string): string {
  return new URL(`../../lab/${run}/${file}`, import.meta.url).pathname;
}

export function sessionsOf(path: string): { sessions: Session[]; readings: LineReading[] } {
  const readings: LineReading[] = [];
  const lines = readFileSync(path, 'utf8').split('\n');
  const trace = (reading: LineReading) => readings.push(reading);
  const now = Date.parse('2026-12-01T00:00:00Z');
  return { sessions: readSessions(lines, parser, {}, { zone: zoneOf('UTC'), now, trace }), readings };
}

export function readRun(run: string): LabRun {
  const mainlog = labPath(run, 'mainlog');
  const truth = readFileSync(labPath(run, 'truth.jsonl'), 'utf8').split('\n').filter(Boolean);
  return {
    ...sessionsOf(existsSync(mainlog) ? mainlog : labPath(run, 'mail.log')),
    connections: truth.map((line): Connection => JSON.parse(line)),
  };
}

/** Pairs each session with one connection of its receiver and time; a connection serves each domain once. */
export function match({ sessions, connections }: LabRun): Match {
  const taken = new Map<Connection, Set<string>>();
  const pairs: { session: Session; connection: Connection }[] = [];
  const without: Session[] = [];
  for (const session of sessions) {
    const free = connections.filter(
      (one) => belongs(session, one) && taken.get(one)?.has(session.recipientDomain) !== true,
    );
    const ofOutcome = free.filter((one) => session.outcome === 'success' || !taken.has(one));
    ofOutcome.sort((a, b) => distance(session, a) - distance(session, b));
    const [connection] = ofOutcome;
    if (connection === undefined) without.push(session);
    else {
      pairs.push({ session, connection });
      const domains = taken.get(connection) ?? new Set();
      taken.set(connection, domains.add(session.recipientDomain));
    }
  }
  return { pairs, without, unseen: connections.filter((one) => !taken.has(one)) };
}

/** Whether a connection may be what a session tells: its receiver, its time, and what became of it there. */
function belongs(session: Session, connection: Connection): boolean {
  if (addressOf(connection) !== session.receivingIp) return false;
  const early = session.time < Date.parse(connection.t_start) - 1000;
  const late = session.time > Date.parse(connection.t_end) + 3000;
  if (early || late) return false;
  const carried = domainsOf(connection).has(session.recipientDomain);
  if (session.outcome === 'success') return connection.handshake === 'ok' && carried;
  if (session.basis === 'inferred') return connection.handshake === null && carried;
  // A clear connection may be passed on, and the next message try STARTTLS on it.
  const broken = connection.handshake !== null && connection.handshake !== 'ok';
  return broken || !carried;
}

function domainsOf({ txns }: Connection): Set<string> {
  const addresses = txns.flatMap(({ rcpt }) => rcpt.map(([address]) => address));
  // The receivers wrote raw bytes: the one IDN domain of the lab came in UTF-8.
  return new Set(
    addresses.map((one) => {
      const domain = one.slice(one.lastIndexOf('@') + 1).toLowerCase();
      return /^[\x20-\x7e]*$/.test(domain) ? domain : 'xn--bcher-kva.test';
    }),
  );
}

function addressOf({ local }: Connection): string {
  return local.slice(0, local.lastIndexOf(':'));
}

function distance(session: Session, { t_end }: Connection): number {
  return Math.abs(session.time - Date.parse(t_end));
}

/** Equal things and how often they come, sorted. */
export function counted<T extends object>(things: readonly T[]): (T & { count: number })[] {
  const counts = new Map<string, number>();
  for (const thing of things) {
    const key = JSON.stringify(thing);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].sort().map(([key, count]) => ({ ...JSON.parse(key), count }));
}
