import { type Context, isSameRun } from './context.ts';
import { addConnection, addDomain, findFailed, noteRecipient, tellCutthrough } from './connections.ts';
import type { DeliveryLine } from './delivery-line.ts';
import { hostName } from './domains.ts';
import { isDeliveryTold, joinEvents } from './events.ts';
import { failedRecipient, failedWithoutHost } from './failed-recipient.ts';
import { readMessage } from './failure-lines.ts';
import { bindPending, dropDoubts, follow, pendingOf } from './failures.ts';
import type { HostFields } from './host-fields.ts';
import { clearOf, successOf } from './outcome.ts';
import { isToldOf } from './policy-domain.ts';
import type { RuleName } from './rules.ts';
import { type Connection, newConnection, type Pending } from './state.ts';

/** A delivery line with the fields of a remote host. */
type Remote = DeliveryLine & { readonly host: HostFields };

/** Reads what became of one recipient into the sessions of its message (R3–R10, R12). */
export function noteDelivery(context: Context, line: DeliveryLine): RuleName {
  const { host } = line;
  if (host === undefined) return failedWithoutHost(context, line);
  const remote = { ...line, host };
  if (!isInScope(context, remote)) return leaveOut(context, host.ip);
  if (line.flag !== '>>') closeCutthroughs(context);
  follow(context, host.ip, line.domain);
  if (isDeliveryTold(context, host)) return joinEvents(context, remote);
  const message = line.message === '' ? undefined : readMessage(line.message);
  if (message !== undefined) return failedRecipient(context, remote, message);
  if (line.flag === '>>') return cutthrough(context, remote);
  const afterFailure = joinFailure(context, remote);
  dropDoubts(context, host.ip);
  if (host.continued) return 'delivery-continued';
  if (host.tls) return secure(context, remote);
  return afterFailure ? 'delivery-clear-after-failure' : clear(context, remote);
}

/** `PS=` tells LMTP by its greeting; a transport's name or a loopback address by the options (R4). */
function isInScope({ settings }: Context, { transport, host }: Remote): boolean {
  return settings.scope.admits(transport, host.name, host.ip) && !host.protocol.includes('l');
}

function leaveOut(context: Context, ip: string): RuleName {
  const { state } = context;
  state.pending = state.pending.filter((one) => one.ip !== ip);
  state.live = state.live.filter((one) => one.ip !== ip);
  dropDoubts(context, ip);
  return 'delivery-out-of-scope';
}

/** The line of a recipient of a failed session: Exim went on in clear text, or tried again later (R9, R10). */
function joinFailure(context: Context, line: Remote): boolean {
  const { flag, domain, recipient, host } = line;
  const { ip, connection: key, sendingMtaIp } = host;
  // Exim goes on in clear text behind F1, so TLS to the same host is another session: it only comes next.
  const isOther = (one: Pending) => host.tls && one.fallback;
  const waiting = pendingOf(context, ip, domain);
  if (domain !== undefined) for (const one of waiting.filter(isOther)) one.next ??= domain;
  const pending = waiting.find((one) => !isOther(one));
  const where = { ip, connection: host.continued ? '' : key };
  const goesOn = flag === '->' && !host.continued;
  const known = host.tls ? undefined : findFailed(context, where, recipient, goesOn);
  const joins = known !== undefined && isMoreOf(context, known, line, pending);
  if (joins) {
    noteRecipient(known, recipient);
    addDomain(context, known, domain);
    known.opened ||= flag === '=>';
    return true;
  }
  if (pending === undefined) return false;
  const bound = bindPending(context, pending, line, { name: hostName(host.name), sendingMtaIp });
  bound.opened = flag === '=>' && !host.tls;
  return true;
}

/** Whether a line belongs to a failed connection told already, and not to a second failure still without a domain. */
function isMoreOf(
  context: Context,
  known: Connection,
  { flag, domain }: DeliveryLine,
  pending: Pending | undefined,
): boolean {
  if (flag === '->' || pending === undefined) return true;
  if (flag === '=>' && known.opened) return false;
  return known.overtaken !== true && isToldOf(context, known, domain);
}

/** A line with X= or CV=: a session that succeeded (R5). */
function secure(context: Context, line: Remote): RuleName {
  const { flag, host, domain } = line;
  if (flag === '==') return 'deferred-in-session';
  const known = findOpen(context, 'tls', line);
  const joins = known !== undefined && (flag !== '=>' || !known.opened || isSameConnection(known, host));
  if (joins) {
    known.opened ||= flag === '=>';
    addDomain(context, known, domain);
    return flag === '**' ? 'refused-in-session' : 'delivery-same-session';
  }
  // A `->` whose `=>` stood in the part of the log that was not given has its session counted there.
  if (flag === '->' && context.settings.midStream) return 'delivery-same-session';
  const core = successOf(host, context.settings.sendingMtaIp, false);
  const connection = open(context, line, 'tls', core, flag !== '**');
  addDomain(context, connection, domain);
  if (connection.domains.length === 0) return 'delivery-without-domain';
  return flag === '**' ? 'refused-in-session' : 'delivery-tls';
}

/** A line without X= and CV=, with no failure before it (R12). */
function clear(context: Context, line: Remote): RuleName {
  const { flag, host, domain } = line;
  if (flag === '**') return 'refused-in-clear';
  if (flag === '==') return 'deferred-in-session';
  const known = findOpen(context, 'clear', line);
  const guess = guessOf(line);
  if (known !== undefined && (flag === '->' || isSameConnection(known, host))) {
    addDomain(context, known, domain, guess);
    return 'delivery-same-session';
  }
  const { settings } = context;
  if (flag === '->' && settings.midStream) return 'delivery-same-session';
  const core = settings.inferPlaintext ? clearOf(host, settings.sendingMtaIp) : null;
  const connection = open(context, line, 'clear', core, true);
  const told = addDomain(context, connection, domain, guess);
  if (connection.domains.length === 0) return 'delivery-without-domain';
  if (core === null) return 'delivery-clear-silent';
  return told ? 'delivery-clear' : 'delivery-clear-unproven';
}

/** `PS=es` without X= is a refused STARTTLS (4.99 and later; after a fallback the letters of both pile up). */
function guessOf({ host, confirmed }: Remote): { asked: boolean; confirmed: boolean } {
  return { asked: host.protocol.includes('s'), confirmed };
}

function open(
  context: Context,
  line: Remote,
  kind: 'tls' | 'clear',
  core: Connection['core'],
  opened: boolean,
): Connection {
  const { time, pid } = context;
  const { ip, connection: key } = line.host;
  const fields = { kind, ip, connection: key, pid, last: time, time, core };
  const connection: Connection = { ...newConnection(fields), opened, guess: kind === 'clear' };
  addConnection(context, connection);
  return connection;
}

function findOpen(context: Context, kind: 'tls' | 'clear', { flag, host }: Remote): Connection | undefined {
  const { connections } = context.state;
  const ofHost = (one: Connection) => one.kind === kind && one.ip === host.ip;
  if (host.connection !== '') {
    const same = connections.findLast((one) => ofHost(one) && one.connection === host.connection);
    if (same !== undefined) return same;
  }
  const keyless = (one: Connection) => one.connection === '' || host.connection === '';
  return connections.findLast((one) => ofHost(one) && keyless(one) && isSameRun(context, one, flag === '->'));
}

/** `I=` with its port names the connection (R5). */
function isSameConnection(known: Connection, host: HostFields): boolean {
  return host.connection !== '' && known.connection === host.connection;
}

/** `>>` lines come before `<=`, and only the first recipient's shows X=, though its line is the last (fact 5). */
function cutthrough(context: Context, line: Remote): RuleName {
  const { time, pid, settings, state } = context;
  const { host, domain } = line;
  let known = state.connections.findLast((one) => one.kind === 'cutthrough' && one.ip === host.ip);
  if (known === undefined) {
    const { ip, connection: key } = host;
    const core = settings.inferPlaintext ? clearOf(host, settings.sendingMtaIp) : null;
    known = {
      ...newConnection({ kind: 'cutthrough', ip, connection: key, pid, last: time, time, core }),
      guess: true,
      asked: host.protocol.includes('s'),
      confirmed: line.confirmed,
    };
    addConnection(context, known);
  }
  if (host.tls) {
    known.core = successOf(host, settings.sendingMtaIp, true);
    known.guess = false;
  }
  known.last = time;
  if (domain !== undefined && !known.domains.includes(domain)) known.domains.push(domain);
  return 'cutthrough';
}

/** All recipients of a cutthrough delivery are logged: now its session can be told. */
export function closeCutthroughs(context: Context): void {
  const { state } = context;
  const open = state.connections.filter((one) => one.kind === 'cutthrough');
  if (open.length === 0) return;
  state.connections = state.connections.filter((one) => one.kind !== 'cutthrough');
  for (const connection of open) tellCutthrough(context, connection);
}
