/**
 * 20 000 domains looked up in one pass against a validating resolver of its own (unbound before nsd), and the same
 * with a resolver that is dead: time, peak sockets, peak memory.
 *
 *   npx tsx --conditions=source test/bench/policy.ts [domains]
 */
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { configSchema } from '../../src/config.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { attributeTallies } from '../../src/policy/attribute-tallies.ts';
import { configuredResolver } from '../../src/policy/network.ts';
import { lookupDemand } from '../../src/policy/tlsrpt-record.ts';
import { TallyCounter } from '../../src/reading/batch.ts';
import { freePort, type LabZone, startSignedDns } from '../e2e/signed-dns.ts';

const DOMAINS = Number(process.argv[2] ?? 20_000);
/** Domains share MX hosts, as they do in the world; half of the hosts have TLSA records. */
const HOSTS = Math.ceil(DOMAINS / 10);
const DAY = Date.UTC(2026, 10, 20);

function zone(): LabZone {
  const records: string[] = [];
  for (let host = 0; host < HOSTS; host++) {
    records.push(`mx${host} IN A 192.0.2.${host % 250}`);
    if (host % 2 === 0) records.push(`_25._tcp.mx${host} IN TLSA 3 1 1 ${'ab'.repeat(32)}`);
  }
  for (let domain = 0; domain < DOMAINS; domain++) {
    records.push(`d${domain} IN MX 10 mx${domain % HOSTS}`);
    if (domain % 3 === 0)
      records.push(`_smtp._tls.d${domain} IN TXT "v=TLSRPTv1; rua=mailto:r@d${domain}.test"`);
  }
  return { name: 'test', signed: true, records: records.join('\n') };
}

async function measured<T>(work: () => Promise<T>) {
  let sockets = 0;
  let rss = 0;
  const sample = (): void => {
    rss = Math.max(rss, process.memoryUsage().rss);
    sockets = Math.max(sockets, openSockets());
  };
  const timer = setInterval(sample, 20);
  const start = performance.now();
  const result = await work();
  const seconds = (performance.now() - start) / 1000;
  clearInterval(timer);
  sample();
  return { result, seconds: Number(seconds.toFixed(1)), sockets, megabytes: Math.round(rss / 1_048_576) };
}

function openSockets(): number {
  let count = 0;
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')) count++;
    } catch {
      // Closed between the listing and the look.
    }
  }
  return count;
}

async function bench(port: number, withDemands: boolean): Promise<unknown> {
  const directory = mkdtempSync(join(tmpdir(), 'maillog-tlsrpt-bench-'));
  const ledger = await openLedger(directory);
  const dns = { servers: [`127.0.0.1:${port}`] };
  const config = configSchema.parse({ organization: 'o', contact: 'a@b.example', state: directory, dns });
  const counter = new TallyCounter('mail', 'postfix');
  for (let domain = 0; domain < DOMAINS; domain++)
    counter.add({
      time: DAY,
      recipientDomain: `d${domain}.test`,
      receivingMxHostname: `mx${domain % HOSTS}.test`,
      outcome: 'success',
      peerTrust: 'verified',
      basis: 'tls-line',
    });
  const log = await ledger.log('mail', 'postfix', '/var/log/mail.log');
  await ledger.commit({
    logId: log.id,
    ingestedAt: DAY,
    sessions: counter.take(),
    openChanged: [],
    openDeleted: [],
    expectedVersion: log.version,
    refuseOverlap: false,
  });
  const resolver = await configuredResolver(config.dns, systemClock);
  const honours = { dane: true, mtaSts: true };
  const attribution = await measured(() =>
    attributeTallies({ ledger, clock: systemClock, config, resolver, honours }, 0),
  );
  const demands = withDemands
    ? await measured(async () => {
        const names = Array.from({ length: DOMAINS }, (_, domain) => `d${domain}.test`);
        const found = await Promise.all(names.map((name) => lookupDemand(resolver, name)));
        return found.filter(({ kind }) => kind === 'record').length;
      })
    : undefined;
  await ledger.close();
  rmSync(directory, { recursive: true, force: true });
  return { domains: DOMAINS, attribution, ...(demands !== undefined && { demands }) };
}

const lab = await startSignedDns([zone()]);
try {
  process.stdout.write(`${JSON.stringify({ resolver: 'alive', ...Object(await bench(lab.terse, true)) })}\n`);
} finally {
  await lab.close();
}
process.stdout.write(
  `${JSON.stringify({ resolver: 'dead', ...Object(await bench(await freePort(), false)) })}\n`,
);
