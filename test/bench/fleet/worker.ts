import { z } from 'zod';
import { configSchema } from '../../../src/config.ts';
import { dayEnd, dayStart } from '../../../src/day.ts';
import { closeDays } from '../../../src/days/closing.ts';
import { EXIT, Problem } from '../../../src/errors.ts';
import type { IngestBatch, Ledger } from '../../../src/ledger/ledger.ts';
import { openLedger } from '../../../src/ledger/open.ts';
import type { JsonValue } from '../../../src/parser.ts';
import { emptySnapshot, type Snapshot, snapshotJson } from '../../../src/policy/snapshot.ts';
import { Traffic } from './traffic.ts';

/** One process of the benchmark: a writer of some hosts' tallies, or the emitter; prints what it did as JSON. */
const orderSchema = z.object({
  work: z.enum(['write', 'attribute', 'close']),
  state: z.string(),
  hosts: z.array(z.number()).default([]),
  domains: z.number(),
  sessionsAnHour: z.number().default(0),
  hours: z.number().default(24),
});
type Order = z.infer<typeof orderSchema>;

const DAY = '2026-11-22';
const AFTER = dayEnd(DAY) + 3 * 3_600_000;

async function write(ledger: Ledger, order: Order): Promise<Record<string, number>> {
  const traffics = order.hosts.map(
    (host) => new Traffic(`mta${host}`, host + 1, order.domains, dayStart(DAY)),
  );
  let tallies = 0;
  let sessions = 0;
  let milliseconds = 0;
  for (let hour = 0; hour < order.hours; hour++) {
    for (const [index, traffic] of traffics.entries()) {
      const batch = traffic.hour(hour, order.sessionsAnHour);
      const begun = performance.now();
      await untilDone(() => commit(ledger, `mta${order.hosts[index]}`, hour, batch));
      milliseconds += performance.now() - begun;
      tallies += batch.size;
      sessions += order.sessionsAnHour;
    }
  }
  return { tallies, sessions, milliseconds };
}

async function commit(ledger: Ledger, host: string, hour: number, sessions: IngestBatch['sessions']) {
  const log = await ledger.log(host, 'postfix', '/var/log/mail.log');
  await ledger.commit({
    logId: log.id,
    ingestedAt: dayStart(DAY) + hour * 3_600_000,
    sessions,
    openChanged: [],
    openDeleted: [],
    readToEndAt: AFTER,
    expectedVersion: log.version,
    refuseOverlap: false,
  });
}

/** As a timer would: a ledger that is in use is tried again. */
async function untilDone(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Problem) || error.exitCode !== EXIT.tryAgain) throw error;
    }
  }
}

/** Gives every domain a policy, fifty domains at a time as the policy room does. */
async function attribute(ledger: Ledger): Promise<Record<string, number>> {
  const domains = await ledger.unattributed(10_000_000);
  const queue = domains[Symbol.iterator]();
  const lane = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const { domain, fromHour, toHour } = next.value;
      const id = domain.padEnd(64, '0').slice(0, 64);
      await ledger.attribute({ id, domain, content: snapshotOf(domain) }, AFTER, fromHour, toHour);
    }
  };
  await Promise.all(Array.from({ length: 50 }, lane));
  return { attributed: domains.length };
}

/** What a domain with an MX host and without DANE and MTA-STS is found to have. */
function snapshotOf(domain: string): JsonValue {
  const snapshot: Snapshot = {
    ...emptySnapshot(domain),
    origin: 'found',
    mx: { state: 'found', secure: false, hosts: [{ name: `mx1.${domain}`, dane: { state: 'none' } }] },
  };
  return snapshotJson(snapshot);
}

/** Closes the day as `run` does; every domain asks for reports. */
async function close(ledger: Ledger, state: string): Promise<Record<string, number>> {
  const config = configSchema.parse({ organization: 'Bench', contact: 'tls@sender.example', state });
  const closed = await closeDays({
    ledger,
    config,
    clock: { now: () => AFTER },
    honours: { dane: false, mtaSts: false },
    demand: async (domain) => ({
      kind: 'record',
      text: `v=TLSRPTv1; rua=mailto:tls@${domain}`,
      rua: [`mailto:tls@${domain}`],
    }),
  });
  return { reports: closed.built.length };
}

const order = orderSchema.parse(JSON.parse(process.argv[2] ?? ''));
const ledger = await openLedger(order.state);
const begun = performance.now();
const done =
  order.work === 'write'
    ? await write(ledger, order)
    : order.work === 'attribute'
      ? await attribute(ledger)
      : await close(ledger, order.state);
const seconds = (performance.now() - begun) / 1000;
await ledger.close();
const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(`${JSON.stringify({ ...done, seconds, megabytes })}\n`);
