import type { Context } from './context.ts';
import type { DeliveryLine } from './delivery-line.ts';
import type { EventLine } from './event-line.ts';
import { readMessage } from './failure-lines.ts';
import { dropDoubts, refine, witnessOf } from './failures.ts';
import type { HostFields } from './host-fields.ts';
import { failureOf, NO_DANE, successOfEvent } from './outcome.ts';
import { isToldOf, tellDomain } from './policy-domain.ts';
import type { Verdict } from './reasons.ts';
import type { RuleName } from './rules.ts';
import { LIMITS, type Live, trim } from './state.ts';

/**
 * Reads a line of the event_action snippet. Each connection is followed from its first EHLO: the EHLO inside TLS
 * makes it a success, an error about TLS a failure, and the end of it without either a session in clear text.
 */
export function noteEvent(context: Context, line: EventLine): RuleName {
  if (!context.settings.scope.admits(line.transport, line.name ?? '', line.ip)) return 'failure-out-of-scope';
  switch (line.event) {
    case 'smtp:ehlo':
      return line.tls ? helloInTls(context, line) : hello(context, line);
    case 'tcp:close':
      return closed(context, line);
    case 'dane:fail':
      return dane(context, line);
    case 'msg:host:defer':
      return deferred(context, line);
  }
}

function hello(context: Context, line: EventLine): RuleName {
  const { state, pid } = context;
  const fallback = state.fallbacks.findIndex(
    (one) => one.ip === line.ip && (one.pid === pid || one.pid === 0 || pid === 0),
  );
  if (fallback >= 0) state.fallbacks.splice(fallback, 1);
  begin(context, line, fallback >= 0);
  return 'event-hello';
}

function begin(context: Context, line: EventLine, fallback: boolean): Live {
  const { state, time, pid } = context;
  const { ip, name, from, offered, manyDomains } = line;
  const live: Live = {
    ...{ time, pid, ip, from, offered, fallback, stage: 'hello', tlsAtClose: false },
    ...(name !== undefined && { name }),
    ...(line.sendingMtaIp !== undefined && { sendingMtaIp: line.sendingMtaIp }),
    ...{ domain: manyDomains ? '' : (line.domain ?? 'none'), domains: [], core: null },
  };
  state.live.push(live);
  for (const oldest of trim(state.live, LIMITS.live)) settleLast(context, oldest);
  return live;
}

function helloInTls(context: Context, line: EventLine): RuleName {
  const live = find(context, line, ['hello']) ?? begin(context, line, false);
  succeed(context, live, line);
  return 'event-hello-tls';
}

function succeed(context: Context, live: Live, line: EventLine): void {
  live.stage = 'tls';
  live.time = context.time;
  live.core = successOfEvent(line, context.settings.sendingMtaIp);
  dropDoubts(context, live.ip);
  tellDomain(context, live, line.domain);
}

function closed(context: Context, line: EventLine): RuleName {
  const live = find(context, line, ['hello']);
  if (live !== undefined) {
    live.stage = 'closed';
    live.tlsAtClose = line.tls;
  }
  return 'event-closed';
}

function dane({ state }: Context, { ip, name }: EventLine): RuleName {
  if (!state.dane.some((one) => one.ip === ip)) state.dane.push({ ip, ...(name !== undefined && { name }) });
  trim(state.dane, LIMITS.live);
  return 'event-dane';
}

/** The host failed: of TLS, which is told, or of something else, which ends what it was in. */
function deferred(context: Context, line: EventLine): RuleName {
  const { time, settings } = context;
  const { ip, name, text } = line;
  const live = find(context, line, ['hello', 'closed']);
  const message = readMessage(text);
  if (message === undefined) {
    if (live?.tlsAtClose === true && DIED_AT_EHLO.test(text)) succeed(context, live, line);
    else if (live !== undefined) settle(context, live);
    return 'event-deferred';
  }
  const verdict = refine(context, ip, message);
  dropDoubts(context, ip);
  const failed = live ?? begin(context, line, false);
  failed.stage = 'failed';
  failed.time = time;
  if (verdict === undefined) return 'local-fault';
  const sendingMtaIp = line.sendingMtaIp ?? settings.sendingMtaIp;
  // Only where TLS is required and cannot be had does the snippet tell of DANE each time (exim: smtp_setup_conn).
  const witness = { ...witnessOf(context, ip, message.dane, verdict) };
  if (message.rule.startsWith('required-')) witness.unsaid = false;
  failed.core = failureOf(verdict, witness, { name, ip, sendingMtaIp });
  tellDomain(context, failed, line.domain);
  return 'event-failed';
}

/** OpenSSL made the session, and the server left at the EHLO inside. */
const DIED_AT_EHLO =
  /^(?:Remote host closed connection in response to|SMTP timeout after|SMTP error from remote mail server after) EHLO /;

/** The connection of this line: our address and port name it. */
function find(context: Context, line: EventLine, stages: readonly Live['stage'][]): Live | undefined {
  const { live } = context.state;
  return live.findLast((one) => one.ip === line.ip && one.from === line.from && stages.includes(one.stage));
}

/** A connection that ended in clear text: not offered, or refused; nothing if it was but the retry after a failure. */
function settle(context: Context, live: Live, domain?: string): void {
  live.stage = 'failed';
  if (live.fallback) return;
  const { offered, name, ip } = live;
  const reason = offered ? 'STARTTLS refused' : 'the server did not offer TLS support';
  const { sendingMtaIp = context.settings.sendingMtaIp } = live;
  const verdict: Verdict = { type: 'starttls-not-supported', reason };
  live.core = failureOf(verdict, NO_DANE, { name, ip, sendingMtaIp });
  const own = live.domain === 'none' ? undefined : live.domain;
  tellDomain(context, live, own === '' ? (domain ?? live.next) : own);
}

/** Whether the snippet tells of this host: then the plain lines are not counted again. */
export function isToldByEvents(context: Context, ip: string): boolean {
  return context.state.live.some((one) => one.ip === ip);
}

/** The same for a delivery line: before 4.93 there is no EHLO event, so that successes stand in plain lines only. */
export function isDeliveryTold(context: Context, { ip, tls }: HostFields): boolean {
  return context.state.live.some((one) => one.ip === ip && (!tls || one.stage === 'tls'));
}

/** The same for a line that names no host: the TLSA look-up that failed for this domain (F7). */
export function isFailureToldByEvents(context: Context, domain: string | undefined): boolean {
  return context.state.live.some((one) => one.stage === 'failed' && isToldOf(context, one, domain));
}

/** The clear connection that follows F1 on the same host is no session of its own. */
export function expectFallback({ state, pid }: Context, ip: string): void {
  state.fallbacks.push({ ip, pid });
  trim(state.fallbacks, LIMITS.live);
}

/** A delivery line of a host the snippet tells of: it adds the domains of a connection that serves several. */
export function joinEvents(
  context: Context,
  { flag, domain, host }: DeliveryLine & { readonly host: HostFields },
): RuleName {
  const here = context.state.live.filter((one) => one.ip === host.ip);
  if (!host.tls) {
    const ended = (one: Live) =>
      one.stage === 'closed' || (one.stage === 'hello' && (flag === '=>' || flag === '->'));
    const live =
      here.find((one) => one.fallback && ended(one)) ??
      here.find((one) => one.stage === 'closed') ??
      here.find(ended);
    if (live !== undefined) settle(context, live, domain);
  }
  const told = here.findLast((one) => one.domain === '' && one.core !== null);
  if (told !== undefined) tellDomain(context, told, domain);
  return 'delivery-in-events';
}

/** The message is done, or nothing more is heard of it. */
export function settleAll(context: Context): void {
  for (const live of context.state.live) settleLast(context, live);
}

function settleLast(context: Context, live: Live): void {
  const over = live.stage === 'closed' || (live.stage === 'hello' && !live.offered);
  if (over) settle(context, live);
  else if (live.core !== null && live.domains.length === 0) tellDomain(context, live, live.next);
}
