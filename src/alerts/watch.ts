import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { type ExplainPlace, explainCommand } from '../dashboard/explain-command.ts';
import { dayEnd, dayOf } from '../day.ts';
import { isDear, isTooSoon } from '../dear-work.ts';
import { Problem } from '../errors.ts';
import type { Ledger, Log } from '../ledger/ledger.ts';
import type { SessionSum } from '../ledger/sums.ts';
import type { JsonValue } from '../parser.ts';
import { isoTime } from '../time-text.ts';
import { callWithJson } from './call.ts';
import { forgetAlertFault, noteAlertFault } from './fault.ts';
import {
  type Alert,
  type AlertState,
  alertedDomains,
  alertStateSchema,
  daysToLookAt,
  judgeAlerts,
} from './judge.ts';

/** What watching needs. */
export interface AlertDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly config: Pick<Config, 'alerts'>;
  /** This machine's name. */
  readonly host: string;
  /** Where the commands of the alerts are to be run. */
  readonly place: ExplainPlace;
  readonly env: NodeJS.ProcessEnv;
}

/** More than so many at once have a common cause: the others are counted. */
const MAX_ALERTS = 50;
const STATE = 'alerts';
/** When domains were looked at, where that is dear. */
const LOOKED = 'alerts-looked';
const doneSchema = z.strictObject({ at: z.number(), took: z.number() });
/** Longer than the command may take: who claimed the telling and died is followed then. */
const CLAIM_MS = 60_000;

/** What the command gets: a public contract. */
export interface AlertDocument {
  readonly version: 1;
  readonly host: string;
  readonly time: string;
  readonly alerts: readonly AlertRecord[];
  /** Further alerts that are not listed. */
  readonly further: number;
}

/** One alert as the command gets it: a contract for machines (docs/alerts.md). */
export interface AlertRecord {
  readonly event: 'failing' | 'recovered';
  readonly domain: string;
  /** Sessions within `alerts.window`, as far as it was watched: from the first failure on. */
  readonly failures: number;
  readonly successes: number;
  /** Hours, RFC 3339. */
  readonly lastSuccess: string;
  readonly lastFailure: string;
  /** Failed sessions of today and yesterday by result type. */
  readonly resultTypes: Readonly<Record<string, number>>;
  readonly mxHosts: readonly string[];
  /** A shell command that shows the lines. */
  readonly explain: string;
}

/**
 * Looks whether domains that worked have begun to fail, and tells the configured command. What it could not be told is
 * told the next time, by whoever looks then; of several that look at one time, one tells. Returns the number of alerts
 * given.
 * @throws Problem (unavailable) when the command fails
 */
export async function watchDomains(deps: AlertDeps): Promise<number> {
  const { ledger, clock, config } = deps;
  const { command } = config.alerts;
  if (command === undefined) return 0;
  const now = clock.now();
  const { since, failing } = daysToLookAt(now);
  const last = doneSchema.safeParse(await ledger.note(LOOKED)).data;
  const seen = await ledger.note(STATE);
  const before = alertStateSchema.safeParse(seen).data;
  if ((last !== undefined && isTooSoon(last, now)) || (before?.claimedUntil ?? 0) > now) return 0;
  const begun = performance.now();
  const outcomes = await ledger.failingDomains(since, failing, alertedDomains(before));
  const took = Math.round(performance.now() - begun);
  const { state, alerts } = judgeAlerts(before, outcomes, now, config.alerts);
  if (alerts.length === 0) await ledger.exchangeNote(STATE, seen, toJson(state));
  else if (!(await tell(deps, command, alerts, { before: seen, after: state }))) return 0;
  if (isDear({ took }) || last !== undefined) await ledger.setNote(LOOKED, { at: now, took });
  return alerts.length;
}

/**
 * Tells the command, unless another is at it: whoever tells says so in the ledger first.
 * @returns whether it was told here
 */
async function tell(
  deps: AlertDeps,
  command: readonly string[],
  alerts: readonly Alert[],
  { before, after }: { readonly before: JsonValue | undefined; readonly after: AlertState },
): Promise<boolean> {
  const now = deps.clock.now();
  const former = alertStateSchema.safeParse(before).data ?? { domains: {} };
  const claim = toJson({ ...former, claimedUntil: now + CLAIM_MS });
  if (!(await deps.ledger.exchangeNote(STATE, before, claim))) return false;
  let told = false;
  try {
    await callWithJson(command, await documentOf(deps, alerts, now), deps.env);
    told = true;
    await forgetAlertFault(deps.ledger);
  } catch (error) {
    if (error instanceof Problem && !told) await noteAlertFault(deps.ledger, now, error.message);
    throw error;
  } finally {
    await deps.ledger.exchangeNote(STATE, claim, toJson(told ? after : former));
  }
  return true;
}

/** Without what is absent, so that it is the same when it is read again. */
function toJson(state: AlertState): JsonValue {
  return JSON.parse(JSON.stringify(state)) as JsonValue;
}

/** Forgets what was watched by a command that is long configured no more: all its days end before `before` (UTC ms). */
export async function forgetAlerts(ledger: Ledger, before: number): Promise<void> {
  const state = alertStateSchema.safeParse(await ledger.note(STATE)).data;
  if (state === undefined) return;
  const days = Object.values(state.domains).flatMap((domain) => Object.keys(domain.days));
  if (days.length > 0 && days.every((day) => dayEnd(day) < before)) await ledger.dropNotes([STATE]);
}

async function documentOf(
  { ledger, host, place }: AlertDeps,
  alerts: readonly Alert[],
  now: number,
): Promise<AlertDocument> {
  const logs = await ledger.logs();
  const since = dayOf(now - 86_400_000);
  const records: AlertRecord[] = [];
  for (const alert of alerts.slice(0, MAX_ALERTS)) {
    const sums = await ledger.sessionSums({ since, domain: alert.domain });
    records.push(recordOf(alert, sums, logs, place));
  }
  return {
    version: 1,
    host,
    time: isoTime(now),
    alerts: records,
    further: Math.max(0, alerts.length - MAX_ALERTS),
  };
}

function recordOf(
  alert: Alert,
  sums: readonly SessionSum[],
  logs: readonly Log[],
  place: ExplainPlace,
): AlertRecord {
  const failed = sums.filter(({ outcome }) => outcome === 'failure');
  const resultTypes: Record<string, number> = {};
  for (const { resultType = 'validation-failure', count } of failed)
    resultTypes[resultType] = (resultTypes[resultType] ?? 0) + count;
  const shown = failed.at(-1) ?? sums.at(-1);
  return {
    event: alert.event,
    domain: alert.domain,
    failures: alert.failures,
    successes: alert.successes,
    lastSuccess: isoTime(alert.lastSuccess),
    lastFailure: isoTime(alert.lastFailure),
    resultTypes,
    mxHosts: [...new Set(failed.flatMap(({ receivingMxHostname }) => receivingMxHostname ?? []))].slice(
      0,
      10,
    ),
    explain: shown === undefined ? '' : explainCommand(shown, logs, place),
  };
}
