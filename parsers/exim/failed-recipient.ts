import { addConnection, addDomain, findFailed, noteRecipient } from './connections.ts';
import type { Context } from './context.ts';
import { isSameRun } from './context.ts';
import type { DeliveryLine } from './delivery-line.ts';
import { hostName } from './domains.ts';
import { isFailureToldByEvents } from './events.ts';
import { readMessage } from './failure-lines.ts';
import { bindPending, dropDoubts, follow, pendingOf, refine, witnessOf } from './failures.ts';
import type { HostFields } from './host-fields.ts';
import { failureOf, NO_DANE } from './outcome.ts';
import { isToldOf } from './policy-domain.ts';
import { NO_USABLE_TLSA } from './reasons.ts';
import type { RuleName } from './rules.ts';
import { type Connection, newConnection, type Pending, type SessionCore } from './state.ts';

type Message = NonNullable<ReturnType<typeof readMessage>>;

/** What is needed of the line: 4.84 and before named the host inside the message only. */
interface FailedLine extends Pick<DeliveryLine, 'domain' | 'recipient'> {
  readonly host: Pick<HostFields, 'name' | 'ip' | 'connection' | 'sendingMtaIp'>;
}

/** A == or ** line that tells the failed session itself, with its host (F2, F12–F16, F22). */
export function failedRecipient(context: Context, line: FailedLine, message: Message): RuleName {
  const { domain, recipient, host } = line;
  const { ip, connection: key, sendingMtaIp } = host;
  const name = hostName(host.name);
  const [pending] = pendingOf(context, ip, domain);
  const known = findFailed(context, { ip, connection: key }, recipient);
  const again = known !== undefined && isToldOf(context, known, domain);
  if (again && (pending === undefined || known.overtaken !== true)) {
    known.last = context.time;
    noteRecipient(known, recipient);
    if (pending !== undefined && domain !== undefined) pending.next ??= domain;
    return message.rule;
  }
  if (pending !== undefined) {
    if (pending.vague && !message.vague) pending.verdict = refine(context, ip, message) ?? null;
    dropDoubts(context, ip);
    const bound = bindPending(context, pending, line, { name, sendingMtaIp, connection: key });
    return bound.core === null ? 'local-fault' : message.rule;
  }
  if (known !== undefined) {
    noteRecipient(known, recipient);
    addDomain(context, known, domain);
    return message.rule;
  }
  const verdict = refine(context, ip, message);
  dropDoubts(context, ip);
  const witness = witnessOf(context, ip, message.dane, verdict);
  const where = { name, ip, sendingMtaIp: sendingMtaIp ?? context.settings.sendingMtaIp };
  addFailed(context, line, key, verdict === undefined ? null : failureOf(verdict, witness, where));
  return verdict === undefined ? 'local-fault' : message.rule;
}

/** A failure that its recipient's line alone tells; where it names no host, `key` marks the rule. */
function addFailed(
  context: Context,
  {
    domain,
    recipient,
    host,
  }: Pick<DeliveryLine, 'domain' | 'recipient'> & { readonly host?: { readonly ip: string } },
  key: string,
  core: SessionCore | null,
): void {
  const { time, pid } = context;
  const ip = host?.ip ?? '';
  const connection = newConnection({ kind: 'failed', ip, connection: key, pid, last: time, time, core });
  addConnection(context, connection);
  noteRecipient(connection, recipient);
  addDomain(context, connection, domain);
}

/** A line without a host: routing errors, retry times, local deliveries; and some failures of DANE and of old Exims. */
export function failedWithoutHost(context: Context, line: DeliveryLine): RuleName {
  const { flag, transport, message, domain } = line;
  const remote = flag === '==' || flag === '**';
  if (!remote) return 'delivery-local';
  if (!context.settings.scope.admitsTransport(transport)) return 'delivery-out-of-scope';
  const read = readMessage(message);
  if (read === undefined) {
    if (isCrash(context, line)) return crashed(context, line);
    if (wasTried(line)) follow(context, '', domain);
    return 'no-connection';
  }
  if (read.receiver !== undefined) {
    const { name = '', ip } = read.receiver;
    return failedRecipient(context, { ...line, host: { name, ip, connection: '' } }, read);
  }
  if (isFailureToldByEvents(context, domain)) return 'failure-in-events';
  return read.rule === 'dane-required' ? daneRequired(context, read, line) : withoutHost(context, read, line);
}

/** Hosts were tried: a failure of another one of them may wait for this domain (R9). */
function wasTried({ transport, errno }: DeliveryLine): boolean {
  return transport !== '' && !RETRY_TIMES.includes(errno ?? 0);
}

/** `retry time not reached`: neither for an address, nor for its hosts. */
const RETRY_TIMES: readonly number[] = [-52, -53, -54];

/** F7, and what 4.84 and before wrote without naming a host: closes what is pending (R7). */
function withoutHost(context: Context, message: Message, line: DeliveryLine): RuleName {
  const { domain } = line;
  const { state } = context;
  const closes = (rules: readonly string[]) =>
    message.rule === 'tlsa-defer' ? rules.includes('tlsa-defer') : !rules.includes('tlsa-defer');
  const known = findByRule(context, message.rule);
  const isTold = known.some((one) => isToldOf(context, one, domain));
  const closed = closedBy(
    state.pending.filter((one) => closes(one.rules)),
    domain,
    isTold,
  );
  for (const pending of state.pending)
    if (!closed.includes(pending) && domain !== undefined) pending.next ??= domain;
  for (const pending of closed) bindPending(context, pending, line, { connection: message.rule });
  if (closed.length > 0 || isTold) return message.rule;
  const [only] = known;
  if (only !== undefined && known.length === 1) addDomain(context, only, domain);
  else {
    const verdict = refine(context, '', message);
    const witness = witnessOf(context, '', message.dane, verdict);
    addFailed(
      context,
      { domain, recipient: line.recipient },
      message.rule,
      verdict === undefined ? null : failureOf(verdict, witness, sender(context)),
    );
  }
  return message.rule;
}

/**
 * Failures that may be of several domains: those whose hosts bear the domain's name go first. Two of one host are of
 * two domains, for no delivery tries a host twice.
 */
function closedBy(
  pending: readonly Pending[],
  domain: string | undefined,
  isTold: boolean,
): readonly Pending[] {
  if (domain === undefined) return pending;
  const once = pending.filter(({ ip }, at) => pending.findIndex((one) => one.ip === ip) === at);
  const named = once.filter(({ name }) => name === domain || name?.endsWith(`.${domain}`) === true);
  return named.length > 0 ? named : isTold ? [] : once;
}

/** F8, F9: no connection was tried, so no host is named, unless the snippet does. Once a domain and queue run. */
function daneRequired(context: Context, message: Message, { domain, recipient }: DeliveryLine): RuleName {
  const known = findByRule(context, message.rule);
  if (known.some((one) => isToldOf(context, one, domain))) return message.rule;
  const [host, ...others] = context.state.dane;
  const where = host !== undefined && others.length === 0 ? { ...sender(context), ...host } : sender(context);
  const { verdict } = message;
  addFailed(
    context,
    { domain, recipient },
    message.rule,
    verdict === undefined ? null : failureOf(verdict, NO_DANE, where),
  );
  return message.rule;
}

/** Connections whose failure was told without a host, marked by the rule in place of a connection's name. */
function findByRule(context: Context, rule: RuleName): Connection[] {
  return context.state.connections.filter((one) => one.connection === rule && isSameRun(context, one));
}

function sender(context: Context): { sendingMtaIp: string | undefined } {
  return { sendingMtaIp: context.settings.sendingMtaIp };
}

/** After F11 Exim 4.98 and 4.99 may die on the unset error text. */
function isCrash(context: Context, { errno, message }: DeliveryLine): boolean {
  return (
    errno === -1 &&
    context.state.unusable > 0 &&
    message.includes('transport process returned non-zero status')
  );
}

function crashed(context: Context, { domain, recipient }: DeliveryLine): RuleName {
  context.state.unusable -= 1;
  addFailed(
    context,
    { domain, recipient },
    'tlsa-unusable',
    failureOf(NO_USABLE_TLSA, NO_DANE, sender(context)),
  );
  return 'tlsa-unusable';
}
