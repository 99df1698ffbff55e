import type { Clock } from '../clock.ts';
import type { DnsAnswer, DnsType, Resolver } from './dns.ts';

/** Nothing is kept longer than this, whatever its TTL says: a day's reports want the day's policies. */
const MAX_TTL_S = 3600;
/** Faults are kept this long, so that one pass does not ask a hundred times for a name nobody answers. */
const FAULT_TTL_S = 15;

interface Entry {
  readonly answer: Promise<DnsAnswer>;
  /** UTC ms; unset while the question is under way. */
  until?: number;
}

/** Remembers answers by their TTL and asks a question once when several want to know it at the same time. */
export function cachingResolver(inner: Resolver, clock: Clock, maxEntries = 50_000): Resolver {
  const entries = new Map<string, Entry>();

  async function lookup<T extends DnsType>(name: string, type: T): Promise<DnsAnswer<T>> {
    const key = `${type} ${name.toLowerCase()}`;
    const known = entries.get(key);
    if (known !== undefined && (known.until === undefined || known.until > clock.now())) {
      return (await known.answer) as DnsAnswer<T>;
    }
    const entry: Entry = { answer: inner.lookup(name, type) };
    entries.delete(key);
    entries.set(key, entry);
    // The oldest go first: a Map keeps the order of insertion.
    for (const oldest of entries.keys()) {
      if (entries.size <= maxEntries) break;
      entries.delete(oldest);
    }
    const answer = await entry.answer;
    entry.until = clock.now() + 1000 * ('ttl' in answer ? Math.min(answer.ttl, MAX_TTL_S) : FAULT_TTL_S);
    return answer as DnsAnswer<T>;
  }

  return { lookup };
}
