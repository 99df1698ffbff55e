import { z } from 'zod';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { addDays, type Day, dayEnd, dayOf, dayStart } from './day.ts';
import { wordOf } from './host-word.ts';
import type { LeftOut } from './ledger/by-file.ts';
import type { FleetHost, Ledger, Log } from './ledger/ledger.ts';

/** A log may still be written to for a day that is over: readers, syslog and clocks lag. */
export const LAG_MS = 15 * 60_000;

/** For how long nothing is done with a ledger that was away, and no longer: timers come around sooner. */
const SILENCE_MS = 3_600_000;
/** An outage that began so long after a day was over changes nothing for it: outage upon outage must not hold it up for ever. */
const LONGEST_WAIT_MS = 12 * 3_600_000;
const AWAKE = 'awake';

const awakeSchema = z.strictObject({
  since: z.number(),
  last: z.number(),
  /** When the time in which nobody could use the ledger had begun. */
  from: z.number().optional(),
  /** The host that is closing days and sending, while it does. */
  at: z.string().optional(),
});

/** How long a day that is over waits for logs that were not read past its end. */
interface Grace {
  /** ms. */
  readonly grace: number;
  /** The end of the last time in which nobody could use the ledger, UTC ms; 0: it was never away. */
  readonly awakeSince: number;
  /** Its begin; that time was none if absent. */
  readonly awayFrom?: number;
  /** How far the clocks of hosts are ahead of the ledger's, ms. */
  readonly ahead?: ReadonlyMap<string, number>;
}

/**
 * Notes that days can be closed now, and tells since when. While a database is away no host can bring what it has read,
 * so their grace begins anew when it is back: else whoever comes first would close the day without the others.
 */
export async function noteAwake(ledger: Ledger, now: number, host: string): Promise<void> {
  const known = awakeSchema.safeParse(await ledger.note(AWAKE)).data;
  const wasAway = known !== undefined && now - known.last > SILENCE_MS;
  const outage = wasAway ? { since: now, from: known.last } : outageOf(known);
  await ledger.setNote(AWAKE, { ...outage, last: now, at: host });
}

function outageOf(known: z.infer<typeof awakeSchema> | undefined): { since: number; from?: number } {
  return { since: known?.since ?? 0, ...(known?.from !== undefined && { from: known.from }) };
}

/** Notes that the host has done what {@link noteAwake} said it was at, which may have taken long. */
export async function noteRest(ledger: Ledger, now: number): Promise<void> {
  const known = awakeSchema.safeParse(await ledger.note(AWAKE)).data;
  if (known !== undefined) await ledger.setNote(AWAKE, { ...outageOf(known), last: now });
}

/** Whether another host says it is closing days and sending: should it have died, its work is to be taken over. */
export async function isAnotherAtWork(ledger: Ledger, host: string): Promise<boolean> {
  const at = awakeSchema.safeParse(await ledger.note(AWAKE)).data?.at;
  return at !== undefined && at !== host;
}

/** The grace that counts now; of a ledger that one host alone uses, the log it cannot read is its only loss. */
export async function graceOf(ledger: Ledger, logs: readonly Log[], grace: number): Promise<Grace> {
  const alone = new Set(logs.map(({ host }) => host)).size < 2;
  if (alone) return { grace, awakeSince: 0 };
  const { since, from } = outageOf(awakeSchema.safeParse(await ledger.note(AWAKE)).data);
  const ahead = new Map((await ledger.hosts()).map((host) => [host.host, wordOf(host).ahead]));
  return { grace, awakeSince: since, ...(from !== undefined && { awayFrom: from }), ahead };
}

/** When the grace of a day ends, UTC ms. */
function graceEnd(day: Day, { grace, awakeSince, awayFrom = awakeSince }: Grace): number {
  const due = dayEnd(day) + LAG_MS;
  return Math.max(due, Math.min(awakeSince, due + LONGEST_WAIT_MS + (awakeSince - awayFrom))) + grace;
}

/**
 * Since when a host must have been heard of to be alive on a day, UTC ms. Nobody is heard of in an outage: on the days
 * that it covers, and on one that was over before the grace behind it was, those are who were alive when it began.
 */
function aliveFrom(day: Day, { grace, awakeSince, awayFrom = awakeSince }: Grace): number {
  const began = dayStart(day);
  if (awayFrom >= began || awakeSince + grace <= dayEnd(day)) return began;
  return dayStart(dayOf(awayFrom - SILENCE_MS));
}

/**
 * Whether a day can be closed: every log that is alive has been read past its end, or the grace is over.
 * @param grace after it a log that was not read holds nobody up, and what it brings later is late
 */
export function isOver(day: Day, logs: readonly Log[], now: number, grace: Grace): boolean {
  return now >= graceEnd(day, grace) || holdingUp(day, logs, grace).length === 0;
}

/** The logs that are alive and have not been read past a day's end, or have a session open from before it. */
export function holdingUp(day: Day, logs: readonly Log[], grace: Grace): Log[] {
  const [from, end] = [aliveFrom(day, grace), dayEnd(day)];
  // A clock that is slow dates lines as early as readings, so that the two agree; one that is fast lets a day seem over.
  const fast = (host: string) => Math.max(0, grace.ahead?.get(host) ?? 0);
  return logs.filter(
    (log) =>
      isAlive(log, from) &&
      ((log.readToEndAt ?? 0) - fast(log.host) < end + LAG_MS ||
        (log.oldestOpen !== undefined && log.oldestOpen < end)),
  );
}

/** A log that nobody has read since `from` (its host was given up before the day began) is not waited for. */
function isAlive(log: Log, from: number): boolean {
  const last = log.readToEndAt ?? Math.max(...log.segments.map((segment) => segment.lastTime ?? 0), 0);
  return last >= from;
}

/** One host of the fleet, as `status` shows it. */
export interface HostStatus {
  readonly host: string;
  /** The version of its maillog-tlsrpt; absent where the host itself never used this ledger. */
  readonly program?: string;
  readonly logs: number;
  /** When the log that is furthest behind was last read to its end, UTC ms; absent if that never happened. */
  readonly readToEndAt?: number;
  /** Since then, ms. */
  readonly lag?: number;
  /** Sessions of today and yesterday (UTC), and their part of the whole fleet's, 0 to 1. */
  readonly sessions: number;
  readonly share: number;
  /** Past days that are not closed yet because of it. */
  readonly holdsUp: readonly Day[];
  /** Past days of which its logs are still not read to the end although the grace is over: what they bring is late. */
  readonly behind: readonly Day[];
  /** Sessions that came after their report was built, of the days the ledger keeps. */
  readonly late: number;
  /** How far its clock is ahead of the ledger's (behind: less than 0), ms; absent within a minute. */
  readonly clockAhead?: number;
  /** When two machines were last seen to use its name, UTC ms. */
  readonly clashAt?: number;
  /** Days of which it has read more sessions itself than came by its tally files, which alone count; absent if none. */
  readonly lacking?: readonly Day[];
}

/** Of logs that are alive the one furthest behind counts; of a host that has gone, its last sign of life. */
function lastRead(logs: readonly Log[], day: Day): number {
  const alive = logs.filter((log) => isAlive(log, dayStart(day))).map(({ readToEndAt }) => readToEndAt ?? 0);
  return alive.length > 0
    ? Math.min(...alive)
    : Math.max(...logs.map(({ readToEndAt }) => readToEndAt ?? 0), 0);
}

async function lateSessions(ledger: Ledger): Promise<Map<string, number>> {
  const late = new Map<string, number>();
  for (const { lateByHost } of await ledger.daySums())
    for (const [host, sessions] of Object.entries(lateByHost))
      late.set(host, (late.get(host) ?? 0) + sessions);
  return late;
}

function saidBy(
  host: FleetHost | undefined,
): Pick<HostStatus, 'program'> & { clockAhead?: number; clashAt?: number } {
  if (host === undefined) return {};
  const { ahead, clashAt } = wordOf(host);
  return {
    program: host.program,
    ...(ahead !== 0 && { clockAhead: ahead }),
    ...(clashAt !== undefined && { clashAt }),
  };
}

/** Where a host has read as many sessions as came by file, they are the same. */
async function lackingDays(ledger: Ledger): Promise<LeftOut[]> {
  const left = await ledger.leftOut();
  if (left.length === 0) return [];
  const sums = await ledger.hostSums('');
  return left.filter(({ host, day, sessions }) =>
    sums.some((sum) => sum.host === host && sum.day === day && sum.sessions < sessions),
  );
}

/** The hosts whose logs the ledger holds, by name. */
export async function fleetStatus(deps: {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly config: Pick<Config, 'fleet'>;
}): Promise<HostStatus[]> {
  const now = deps.clock.now();
  const logs = await deps.ledger.logs();
  const known = new Map((await deps.ledger.hosts()).map((host) => [host.host, host]));
  const today = dayOf(now);
  const sessions = new Map<string, number>();
  let total = 0;
  for (const sum of await deps.ledger.hostSums(addDays(today, -1))) {
    sessions.set(sum.host, (sessions.get(sum.host) ?? 0) + sum.sessions);
    total += sum.sessions;
  }
  const grace = await graceOf(deps.ledger, logs, deps.config.fleet.grace);
  const days = [addDays(today, -2), addDays(today, -1)];
  // Nobody can have been read past a day's end before that time has come.
  const waited = days.filter((day) => now >= dayEnd(day) + LAG_MS && !isOver(day, logs, now, grace));
  const given = days.filter((day) => now >= graceEnd(day, grace));
  const late = await lateSessions(deps.ledger);
  const lacking = await lackingDays(deps.ledger);
  const hosts = new Set([...known.keys(), ...logs.map(({ host }) => host)]);
  return [...hosts].sort().map((host) => {
    const own = logs.filter((log) => log.host === host);
    const read = lastRead(own, addDays(today, -1));
    const lacks = lacking.filter((one) => one.host === host).map(({ day }) => day);
    const count = sessions.get(host) ?? 0;
    return {
      host,
      ...saidBy(known.get(host)),
      logs: own.length,
      ...(read > 0 && { readToEndAt: read, lag: Math.max(0, now - read) }),
      sessions: count,
      share: total === 0 ? 0 : count / total,
      holdsUp: waited.filter((day) => holdingUp(day, own, grace).length > 0),
      behind: given.filter((day) => holdingUp(day, own, grace).length > 0),
      late: late.get(host) ?? 0,
      ...(lacks.length > 0 && { lacking: lacks }),
    };
  });
}
