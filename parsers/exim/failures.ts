import { addConnection, addDomain, noteRecipient } from './connections.ts';
import type { Context } from './context.ts';
import type { DeliveryLine } from './delivery-line.ts';
import type { FailureLine } from './failure-lines.ts';
import { failureOf, NO_DANE, type Witness } from './outcome.ts';
import { tellDomain } from './policy-domain.ts';
import { isOfDialogue, NO_USABLE_TLSA, type Verdict } from './reasons.ts';
import type { RuleName } from './rules.ts';
import { type Connection, type Doubt, LIMITS, newConnection, type Pending, trim } from './state.ts';

type Failure = Extract<FailureLine, { is: 'failure' }>;

/** A failure that names no recipient: kept until a delivery line tells whose it was (R7, R9). */
export function noteFailure(context: Context, line: Failure): RuleName {
  const { state, time, pid } = context;
  const { ip, name } = line.receiver;
  const verdict = refine(context, ip, line);
  const same = state.pending.filter((one) => one.ip === ip);
  const over = same.find((one) => one.next !== undefined);
  if (over !== undefined) flushPending(context, over);
  else {
    const ofThisRun = same.filter((one) => !isOfEarlierRun(context, one));
    const merged = mergeTarget(ofThisRun, line.rule, pid);
    if (merged !== undefined) {
      merge(merged, line, verdict);
      return ruleFor(line.rule, merged.verdict);
    }
  }
  for (const known of state.connections)
    if (known.kind === 'failed' && known.ip === ip) known.overtaken = true;
  state.pending.push({
    time,
    pid,
    ip,
    ...(name !== undefined && { name }),
    rules: [line.rule],
    verdict: verdict ?? null,
    ...witnessOf(context, ip, line.dane, verdict),
    fallback: line.fallback,
    vague: line.vague,
  });
  for (const oldest of trim(state.pending, LIMITS.pending)) flushPending(context, oldest);
  return ruleFor(line.rule, verdict);
}

/** As long as a delivery may last, but less than the quarter of an hour that Exim waits at first before it tries a host again. */
const UNTIL_RETRY_MS = 14 * 60_000;

function isOfEarlierRun({ time }: Context, earlier: { readonly time: number }): boolean {
  return time - earlier.time > UNTIL_RETRY_MS;
}

/**
 * Failures of this host that wait for their recipients' lines. What an earlier queue run left there is over, for the next one's
 * session is a new one (R7): it is told of the domain whose line came first, which may be this one.
 */
export function pendingOf(context: Context, ip: string, domain: string | undefined): readonly Pending[] {
  const ofHost = () => context.state.pending.filter((one) => one.ip === ip);
  for (const left of ofHost().filter((one) => isOfEarlierRun(context, one))) {
    if (domain !== undefined) left.next ??= domain;
    flushPending(context, left);
  }
  return ofHost();
}

function ruleFor(rule: RuleName, verdict: Verdict | null | undefined): RuleName {
  return verdict === null || verdict === undefined ? 'local-fault' : rule;
}

/** Lines of different kinds tell one story; two of one kind are two sessions, unless one process wrote both. */
function mergeTarget(same: readonly Pending[], rule: RuleName, pid: number): Pending | undefined {
  const own = pid === 0 ? undefined : same.find((one) => one.pid === pid);
  return own ?? same.find((one) => !one.rules.includes(rule) && (pid === 0 || one.pid === 0));
}

function merge(pending: Pending, line: Failure, verdict: Verdict | undefined): void {
  if (pending.vague && !line.vague) pending.verdict = verdict ?? null;
  pending.vague &&= line.vague;
  pending.fallback ||= line.fallback;
  pending.dane ||= line.dane;
  if (pending.rules.length < 8) pending.rules.push(line.rule);
}

/** The true cause of a failed TLS session often stands on an earlier line: F11 for an unset text, F3 and F4 (R8). */
export function refine(
  context: Context,
  ip: string,
  line: { readonly rule: RuleName; readonly verdict: Verdict | undefined; readonly unset: boolean },
): Verdict | undefined {
  const { state } = context;
  if (line.unset && state.unusable > 0) {
    state.unusable -= 1;
    return NO_USABLE_TLSA;
  }
  if (line.verdict === undefined || !SESSION_RULES.has(line.rule)) return line.verdict;
  const doubt = state.doubts.find((one) => one.ip === ip || one.ip === '');
  dropDoubts(context, ip);
  if (doubt?.next === undefined || !isOfEarlierRun(context, doubt)) return doubt?.verdict ?? line.verdict;
  flushDoubt(context, doubt);
  return line.verdict;
}

const SESSION_RULES: ReadonlySet<RuleName> = new Set([
  'fallback',
  'fallback-4.89',
  'session-failed',
  'handshake-error',
  'dane-failed',
]);

/**
 * Whether DANE applied. Lines of a failed handshake always tell; those of the dialogue before it are the same for
 * hosts_require_tls and for DANE, so where clear text is allowed in general the policy is left open.
 */
export function witnessOf(
  context: Context,
  ip: string,
  dane: boolean,
  verdict: Verdict | undefined,
): Witness {
  const proven = dane || context.state.dane.some((one) => one.ip === ip);
  return {
    dane: proven,
    unsaid: !proven && context.tlsIsOptional && verdict !== undefined && isOfDialogue(verdict),
  };
}

/** Much longer than a handshake, shorter than the time between two queue runs. */
const SAME_HANDSHAKE_MS = 60_000;

/** A certificate that failed its check: only later lines say whether anything depended on it. */
export function noteDoubt(context: Context, line: Extract<FailureLine, { is: 'doubt' }>): RuleName {
  const { state, time } = context;
  const { ip, name } = line.receiver;
  const known = state.doubts.find((one) => one.ip === ip);
  if (known?.next !== undefined && time - known.time > SAME_HANDSHAKE_MS) {
    state.doubts = state.doubts.filter((one) => one !== known);
    flushDoubt(context, known);
  } else if (known !== undefined) {
    known.count += 1;
    return line.rule;
  }
  state.doubts.push({ time, ip, ...(name !== undefined && { name }), verdict: line.verdict, count: 1 });
  for (const oldest of trim(state.doubts, LIMITS.doubts)) flushDoubt(context, oldest);
  return line.rule;
}

/** The session with this host was made: nothing depended on its certificate. */
export function dropDoubts(context: Context, ip: string): void {
  const { state } = context;
  if (state.doubts.length === 0) return;
  state.doubts = state.doubts.filter((one) => one.ip !== ip && one.ip !== '');
}

/** A delivery line of another host: the domain to fall back to for what is still unbound (R9). */
export function follow(context: Context, ip: string, domain: string | undefined): void {
  if (domain === undefined) return;
  const { pending, doubts, live } = context.state;
  const follows = (one: { ip: string; next?: string }) => {
    if (one.ip !== ip) one.next ??= domain;
  };
  pending.forEach(follows);
  doubts.forEach(follows);
  live.forEach(follows);
}

/** Gives a failure its domain; the connection it becomes takes further recipients. */
export function bindPending(
  context: Context,
  pending: Pending,
  { domain, recipient }: Pick<DeliveryLine, 'domain' | 'recipient'>,
  where: {
    readonly name?: string | undefined;
    readonly sendingMtaIp?: string | undefined;
    readonly connection?: string;
  },
): Connection {
  const { state, time, pid, settings } = context;
  state.pending = state.pending.filter((one) => one !== pending);
  const { verdict, ip, fallback } = pending;
  const name = pending.name ?? where.name;
  const sendingMtaIp = where.sendingMtaIp ?? settings.sendingMtaIp;
  const core = verdict === null ? null : failureOf(verdict, pending, { name, ip, sendingMtaIp });
  const { connection: key = '' } = where;
  const connection: Connection = {
    ...newConnection({ kind: 'failed', ip, connection: key, pid, last: time, time: pending.time, core }),
    fallback,
  };
  addConnection(context, connection);
  noteRecipient(connection, recipient);
  addDomain(context, connection, domain);
  return connection;
}

/** No line of its host will come any more: the domain is that of the delivery line that followed it (R9). */
export function flushPending(context: Context, pending: Pending): void {
  const { state, settings } = context;
  state.pending = state.pending.filter((one) => one !== pending);
  const { verdict, ip, name, next, time } = pending;
  if (verdict === null || next === undefined) return;
  const { sendingMtaIp } = settings;
  const core = failureOf(verdict, pending, { name, ip, sendingMtaIp });
  tellDomain(context, { time, ip, core, domains: [] }, next);
}

/** Another host took the mail: the certificate of this one was the reason. Several lines mean it was not (R8). */
export function flushDoubt(context: Context, doubt: Doubt): void {
  const { verdict, ip, name, next, time, count } = doubt;
  if (next === undefined || count > 1 || ip === '') return;
  const { sendingMtaIp } = context.settings;
  const core = failureOf(verdict, NO_DANE, { name, ip, sendingMtaIp });
  tellDomain(context, { time, ip, core, domains: [] }, next);
}
