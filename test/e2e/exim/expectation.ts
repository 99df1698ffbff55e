import type { Session } from '../../../src/session.ts';
import type { Receiver, Truth, World } from './plan.ts';

/** What of the receivers' truth a log can show. */
export interface Visible {
  /** Deliveries show whether they had TLS. */
  readonly tls: boolean;
  /** Sessions whose recipients were all deferred: == lines never carry X=. */
  readonly deferred: boolean;
  /** TLS failures of a host when another one was then tried, where clear text is not allowed. */
  readonly earlierHosts: boolean;
}

/** A session in one line, as log and receivers are compared: domain, address, outcome. */
export function sessionText({
  recipientDomain,
  receivingIp,
  outcome,
  resultType,
  tlsVersion,
}: Session): string {
  return `${recipientDomain} ${receivingIp} ${outcome === 'success' ? `ok ${tlsVersion}` : resultType}`;
}

/** What the log must say of these connections, sorted. */
export function expected(world: World, truth: readonly Truth[], visible: Visible): string[] {
  return truth.flatMap((connection) => ofConnection(world, connection, visible)).sort();
}

function ofConnection(world: World, connection: Truth, visible: Visible): string[] {
  const { address, offered, asked, recipients, delivered, spokeInside, tls } = connection;
  const receiver = world.receivers.find((one) => one.address === address);
  if (receiver === undefined) throw new Error(`no receiver has ${address}`);
  // Exim asks wherever STARTTLS is offered, unless it comes back in clear text after a failure.
  if (offered && !asked) return [];
  const named = recipients.map((one) => one.slice(one.lastIndexOf('@') + 1));
  const domains = named.length > 0 ? new Set(named) : domainsOf(world, receiver);
  if (spokeInside) {
    if (!visible.tls) return [];
    const refused = receiver.fault === 'rcpt-550';
    return delivered || refused || visible.deferred
      ? [...domains].map((one) => `${one} ${address} ok ${tls}`)
      : [];
  }
  const type = failureOf(receiver, offered, tls);
  // Where clear text is allowed, only a delivery without TLS tells that STARTTLS was not to be had.
  if (!visible.tls && delivered) return [];
  const silent = type !== 'starttls-not-supported' && receiver.tlsa === undefined;
  if (!visible.earlierHosts && silent && isEarlier(world, receiver)) return [];
  return [...domains].map((one) => `${one} ${address} ${type}`);
}

function failureOf({ fault, tlsa }: Receiver, offered: boolean, tls: string | undefined): string {
  if (!offered || fault === 'starttls-454' || fault === 'starttls-554') return 'starttls-not-supported';
  return tlsa === 'differ' && tls !== 'failed' ? 'certificate-not-trusted' : 'validation-failure';
}

function domainsOf({ domains }: World, { name }: Receiver): Set<string> {
  return new Set(domains.filter(({ hosts }) => hosts.includes(name)).map((one) => one.name));
}

function isEarlier({ domains }: World, { name }: Receiver): boolean {
  return domains.some(({ hosts }) => hosts.includes(name) && hosts.at(-1) !== name);
}
