import type { Emit, PolicyTypeHint } from 'maillog-tlsrpt/parser';
import type { Connection, Outcome } from './connection.ts';
import { isOwn } from './own-mail.ts';
import type { Reading } from './reading.ts';
import { type Request, retire } from './request.ts';
import { connectionSession, preventedSession, type SessionContext } from './session-builder.ts';
import { learn } from './tag-facts.ts';

/** What the request adds to each of its sessions. */
export function contextOf(
  { keys, open, options, settings }: Reading,
  { queueId }: Request,
  recipientDomain: string | undefined,
): SessionContext {
  const own = options.ownSender !== undefined && queueId !== undefined && isOwn(keys.own, queueId, open);
  return { settings, recipientDomain, own };
}

/** Emits the session of a connection, if a report can name it. */
export function tell(
  reading: Reading,
  request: Request,
  connection: Connection,
  outcome: Outcome,
  recipientDomain: string | undefined,
  hint: PolicyTypeHint | undefined,
): void {
  if (outcome.fault !== undefined && outcome.basis === 'tls-line') {
    learn(reading, { failure: true });
  }
  const context = contextOf(reading, request, recipientDomain);
  const session = connectionSession(connection, outcome, context, hint);
  if (session !== undefined) reading.emit(session);
}

/** The sessions of servers that a policy failure kept from being tried. */
export function tellPrevented(emit: Emit, { prevented }: Request, context: SessionContext): void {
  for (const { time, domain, host, fault } of prevented)
    if (domain !== undefined) emit(preventedSession({ domain, host, fault }, time, context));
}

/** A process fell silent: what names its domain by itself is told, the rest cannot be attributed. */
export function abandon(request: Request, reading: Pick<Reading, 'emit' | 'settings'>): void {
  retire(request);
  for (const connection of request.past) emitNative(reading, connection);
  const { emit, settings } = reading;
  tellPrevented(emit, request, { settings, recipientDomain: undefined, own: false });
}

/** What native said is true even if the delivery line never came. */
export function emitNative(
  { emit, settings }: Pick<Reading, 'emit' | 'settings'>,
  connection: Connection,
): void {
  const { native } = connection;
  if (native === undefined) return;
  const outcome: Outcome = {
    basis: 'tlsrpt-line',
    ...(native.fault !== undefined && { fault: native.fault }),
  };
  const session = connectionSession(connection, outcome, {
    settings,
    recipientDomain: undefined,
    own: false,
  });
  if (session !== undefined) emit(session);
}
