import type { Packet } from 'dns-packet';
import { afterEach, expect, it } from 'vitest';
import { type ScriptedDns, type Seen, scriptedDns } from '../policy/scripted-dns.ts';
import { makePlace, type Place } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
let dns: ScriptedDns;
afterEach(async () => {
  await dns.close();
  await place.remove();
});

/** What the low four bits of a reply's flags say. */
const RCODE = { noSuchName: 3, serverFailure: 2 };

function reply({ packet }: Seen, rcode: number): Packet {
  return { type: 'response', id: packet.id ?? 0, flags: 0x0180 | rcode, questions: packet.questions ?? [] };
}

/** One session an hour ago with each of these domains, and a pass with such a resolver. */
async function run(domains: readonly string[], answer: (query: Seen) => readonly Packet[]) {
  dns = await scriptedDns(answer);
  place = await makePlace(
    `dns: {servers: ["127.0.0.1:${dns.port}"], timeout: 0.1s}\nmta: {honours: [dane]}\nmail: {dkim: mta}\nlogs: [{path: mail.log, timezone: UTC, host: mta1}]\n`,
  );
  const lines = domains.map((domain, i) => {
    const head = `Nov 23 18:00:0${i % 10} mta1 postfix/smtp[${i + 1}]:`;
    const peer = `mx.${domain}[192.0.2.25]:25`;
    return (
      `${head} Trusted TLS connection established to ${peer}: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n` +
      `${head} 4Z${i}XyzBCDF: to=<u@${domain}>, relay=${peer}, delay=1, delays=0/0/0.5/0.5, dsn=2.0.0, status=sent (250 ok)\n`
    );
  });
  await place.write('mail.log', lines.join(''));
  return runCli(['run', '--json', '--config', place.config, '--now', '2026-11-23T19:00:00Z']);
}

it('says how many domains could not be looked up, and why', async () => {
  const said = await run(['a.example', 'b.example', 'fine.example'], (query) => [
    reply(query, query.name.endsWith('fine.example') ? RCODE.noSuchName : RCODE.serverFailure),
  ]);
  expect(said.stderr).toMatch(/2 domains could not be looked up, and will be tried again: .*SERVFAIL/);
  expect(said.json()).toMatchObject([{ lookedUp: { attributed: 1, temporary: 2, left: 0 } }]);
  expect(said.code).toBe(0);
});

it('says nothing of look-ups where all went well', async () => {
  const said = await run(['fine.example'], (query) => [reply(query, RCODE.noSuchName)]);
  expect(said.stderr).not.toContain('looked up');
  expect(said.json()).toMatchObject([{ lookedUp: { attributed: 1, temporary: 0, left: 0 } }]);
});

it('tells a resolver that is away from domains that are broken', async () => {
  const domains = Array.from({ length: 150 }, (_, i) => `d${i}.example`);
  const said = await run(domains, () => []);
  expect(said.stderr).toMatch(/the resolver does not answer: \d+ domains were not even tried/);
  expect(said.code).toBe(75);
});
