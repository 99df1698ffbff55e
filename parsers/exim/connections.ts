import { type Context, isSameRun } from './context.ts';
import { type Shared, tellDomain } from './policy-domain.ts';
import { type Connection, LIMITS, trim } from './state.ts';

/** Adds a connection to the message; the oldest goes where there are too many. */
export function addConnection(context: Context, connection: Connection): void {
  const { connections } = context.state;
  connections.push(connection);
  for (const oldest of trim(connections, LIMITS.connections))
    if (oldest.kind === 'cutthrough') tellCutthrough(context, oldest);
}

/** Tells the session of a cutthrough delivery to the domains of all its recipients. */
export function tellCutthrough(context: Context, connection: Connection): void {
  const { domains: recipients, core, time, ip, guess, asked = false, confirmed = false } = connection;
  const session: Shared = { time, ip, core, domains: [] };
  // Where no recipient has a domain, a smart host has one all the same.
  for (const recipient of recipients.length > 0 ? recipients : [undefined])
    tellDomain(context, session, recipient, guess ? { asked, confirmed } : undefined);
}

/** Adds a recipient's domain to a connection; returns whether a record was told of it. */
export function addDomain(
  context: Context,
  connection: Connection,
  domain: string | undefined,
  guess?: { asked: boolean; confirmed: boolean },
): boolean {
  connection.last = context.time;
  return tellDomain(context, connection, domain, guess);
}

/** Notes whose mail the connection was for, each once; the oldest goes where there are too many. */
export function noteRecipient({ recipients }: Connection, recipient: number): void {
  if (!recipients.includes(recipient)) recipients.push(recipient);
  trim(recipients, LIMITS.recipients);
}

/**
 * The failed connection with this host that the line may be one more recipient of.
 * @param goesOn it is a `->`: not of what failed before a connection in clear text began
 */
export function findFailed(
  context: Context,
  { ip, connection: key }: Pick<Connection, 'ip' | 'connection'>,
  recipient: number,
  goesOn = false,
): Connection | undefined {
  const found = context.state.connections.findLast(
    (one) =>
      one.ip === ip &&
      ((goesOn && one.kind === 'clear') ||
        (one.kind === 'failed' &&
          isSameRun(context, one, goesOn) &&
          !one.recipients.includes(recipient) &&
          (one.connection === '' || key === '' || one.connection === key || one.fallback))),
  );
  return found?.kind === 'failed' ? found : undefined;
}
