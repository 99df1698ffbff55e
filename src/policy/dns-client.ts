import type { Clock } from '../clock.ts';
import { isDomain } from '../domain.ts';
import type { DnsAnswer, DnsRecords, DnsType, Resolver } from './dns.ts';
import { cachingResolver } from './dns-cache.ts';
import { type Exchange, exchange, type QueryOptions } from './dns-exchange.ts';
import { createServerHealth, type ServerHealth } from './dns-health.ts';
import type { Question, Reply } from './dns-wire.ts';
import { createLimiter } from './limiter.ts';
import type { DnsServer } from './resolv-conf.ts';

const RCODE = { ok: 0, formatError: 1, serverFailure: 2, noSuchName: 3 } as const;
/** Times the list of servers is gone through. */
const ROUNDS = 2;
/** Alias chains over several answers: resolvers follow them by themselves, so this is for odd ones. */
const MAX_HOPS = 8;
/** Every resolver has a word on this at once, if only that it cannot find it. */
const PROBE: Question = { name: 'org', type: 'MX' };

/** Whom to ask, and how fast. */
export interface DnsClientOptions {
  readonly servers: readonly DnsServer[];
  readonly clock: Clock;
  /** ms one server is waited for, per try. */
  readonly timeoutMs?: number;
  /** Questions under way at once. */
  readonly concurrency?: number;
  /** Questions begun a second; 0: no limit. */
  readonly rate?: number;
}

/** A stub resolver over UDP and TCP that tells absence from faults, with cache, bounds and several servers. */
export function createResolver(options: DnsClientOptions): Resolver {
  const { servers, clock, timeoutMs = 5000, concurrency = 64, rate = 0 } = options;
  const limiter = createLimiter(concurrency, rate);
  const health = createServerHealth(clock, async (server) => {
    const found = await exchange(server, PROBE, { checkingDisabled: false, edns: true }, timeoutMs);
    return found.kind !== 'silence';
  });
  const ask = (question: Question) => limiter.run(() => resolve(question, servers, health, timeoutMs));
  const plain: Resolver = { lookup: (name, type) => follow(ask, name, type) };
  return cachingResolver(plain, clock);
}

type Found = { readonly reply: Reply; readonly trusted: boolean };
type Outcome = Found | Extract<DnsAnswer, { kind: 'bogus' | 'temporary' }>;

async function follow<T extends DnsType>(
  ask: (question: Question) => Promise<Outcome>,
  name: string,
  type: T,
): Promise<DnsAnswer<T>> {
  let asked = name.toLowerCase();
  let secure = true;
  let ttl = Number.POSITIVE_INFINITY;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    if (!isDomain(asked)) return { kind: 'nodata', name: asked, secure: false, ttl: 0 };
    const outcome = await ask({ name: asked, type });
    if (!('reply' in outcome)) return outcome;
    const { reply } = outcome;
    secure &&= outcome.trusted && reply.authentic;
    ttl = Math.min(ttl, reply.ttl);
    const settled = { name: reply.name, secure, ttl };
    if (reply.records.length > 0) {
      return { kind: 'answer', records: reply.records as readonly DnsRecords[T][], ...settled };
    }
    if (reply.rcode === RCODE.noSuchName) return { kind: 'nxdomain', ...settled };
    if (reply.name === asked || reply.hasSoa) return { kind: 'nodata', ...settled };
    asked = reply.name;
  }
  return { kind: 'temporary', reason: `more than ${MAX_HOPS} aliases in a row`, answered: true };
}

async function resolve(
  question: Question,
  servers: readonly DnsServer[],
  health: ServerHealth,
  timeoutMs: number,
): Promise<Outcome> {
  let reason = 'no DNS server answers';
  let answered = false;
  for (let round = 0; round < ROUNDS; round++) {
    for (const server of servers) {
      if (!health.usable(server)) continue;
      const found = await askServer(server, question, { checkingDisabled: false, edns: true }, timeoutMs);
      health.note(server, found.kind !== 'silence');
      const where = `${server.address}:${server.port}`;
      if (found.kind === 'silence') reason = `${where} did not answer within ${timeoutMs} ms`;
      else if (found.kind === 'unreachable') reason = `${where}: ${found.reason}`;
      else if (isSettled(found.reply)) {
        return { reply: found.reply, trusted: server.trusted };
      } else if (found.reply.rcode === RCODE.serverFailure) {
        const bogus = await whyFailed(server, question, found.reply, timeoutMs);
        if (bogus !== undefined) return { kind: 'bogus', reason: bogus };
        reason = `${where} answers SERVFAIL`;
        answered = true;
      } else reason = `${where} answers with code ${found.reply.rcode}`;
    }
  }
  return { kind: 'temporary', reason, answered };
}

function isSettled({ rcode }: Reply): boolean {
  return rcode === RCODE.ok || rcode === RCODE.noSuchName;
}

async function askServer(
  server: DnsServer,
  question: Question,
  options: QueryOptions,
  timeoutMs: number,
): Promise<Exchange> {
  const found = await exchange(server, question, options, timeoutMs);
  const oldServer = found.kind === 'reply' && found.reply.rcode === RCODE.formatError && options.edns;
  // A server from before EDNS answers FORMERR to what it does not know (RFC 6891 §7).
  return oldServer ? exchange(server, question, { ...options, edns: false }, timeoutMs) : found;
}

/**
 * Whether SERVFAIL means a failed validation: the resolver says so, or it has the data once checking is switched off
 * and still refuses them with checking on (RFC 4035 §3.2.2). Undefined: it is merely broken.
 */
async function whyFailed(
  server: DnsServer,
  question: Question,
  reply: Reply,
  timeoutMs: number,
): Promise<string | undefined> {
  if (reply.bogusReason !== undefined) return reply.bogusReason;
  const unchecked = await askServer(server, question, { checkingDisabled: true, edns: true }, timeoutMs);
  if (unchecked.kind !== 'reply' || !isSettled(unchecked.reply)) return undefined;
  const again = await askServer(server, question, { checkingDisabled: false, edns: true }, timeoutMs);
  const refused = again.kind === 'reply' && again.reply.rcode === RCODE.serverFailure;
  return refused ? 'DNSSEC validation failed' : undefined;
}
