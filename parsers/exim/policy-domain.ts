import type { Context } from './context.ts';
import { nextHopDomain } from './domains.ts';
import { LIMITS, type SessionCore } from './state.ts';

/** A session that recipients of several domains may share. */
export interface Shared {
  readonly time: number;
  readonly ip: string;
  /** Null: nothing is reported of it. */
  readonly core: SessionCore | null;
  /** Policy domains that have their record. */
  readonly domains: string[];
}

/** Whose report a session is for: the recipient's domain, or the smart host's in its place (R2, R11). */
export function policyDomain(
  { settings }: Context,
  { ip, core }: Pick<Shared, 'ip' | 'core'>,
  recipient: string | undefined,
): string | undefined {
  return nextHopDomain(recipient, core?.receivingMxHostname, ip, settings.relayhosts);
}

/** Whether mail for the recipient's domain adds no record to those the session has. */
export function isToldOf(context: Context, session: Shared, recipient: string | undefined): boolean {
  const domain = policyDomain(context, session, recipient);
  return domain !== undefined && session.domains.includes(domain);
}

/**
 * Tells a session to one more recipient's policy domain, each of which gets one record of it (R5).
 * @returns false where it adds none, or where a guess is kept back
 */
export function tellDomain(
  context: Context,
  session: Shared,
  recipient: string | undefined,
  guess?: { readonly asked: boolean; readonly confirmed: boolean },
): boolean {
  const { time, core, domains } = session;
  const domain = policyDomain(context, session, recipient);
  if (domain === undefined || domains.includes(domain) || domains.length >= LIMITS.domains) return false;
  domains.push(domain);
  return core !== null && context.tell({ time, domain, core, ...(guess !== undefined && { guess }) });
}
