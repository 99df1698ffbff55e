import { afterEach, beforeEach, expect, it } from 'vitest';
import { startTxtServer, type TxtServer } from '../receivers/dns.ts';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

const ASKING = ['ok.test', 'tls12.test'];

let dns: TxtServer;
let place: Place;
beforeEach(async () => {
  dns = await startTxtServer((name) =>
    ASKING.includes(name.replace('_smtp._tls.', '')) ? ['v=TLSRPTv1; rua=mailto:tls@r.example'] : undefined,
  );
});
afterEach(() => Promise.all([dns.close(), place.remove()]));

const at = (now: string, ...words: string[]) => runCli([...words, '--now', now, '--config', place.config]);
const prepare = async (more = '') => {
  place = await makePlace(
    `mta: {honours: []}\ndns: {servers: ["${dns.address}"]}\nlogs: [{path: ${SAMPLE_LOG}, timezone: UTC, host: mta1}]\n${more}`,
  );
};

it('tells a monitor that nothing can be sent, why, and what to do', async () => {
  await prepare();
  expect((await at(MORNING_AFTER, 'run')).code).toBe(78);
  expect(await at(MORNING_AFTER, 'status', '--check')).toMatchObject({
    code: 2,
    stdout: expect.stringMatching(
      /^TLSRPT CRITICAL: the last run \(2026-11-24T05:00:00Z\) stopped: mail\.dkim is not set, and .*; set mail\.dkim to \{domain, selector, key\}/,
    ),
  });
  const later = await at('2026-11-24T05:50:00Z', 'status', '--check');
  expect(later.stdout).not.toContain('nobody tried them');
  await at('2026-11-24T06:00:00Z', 'run');
  const [status] = (await at('2026-11-24T06:00:00Z', 'status', '--json')).json();
  expect(status).toMatchObject({
    state: 'critical',
    lastRun: { exitCode: 78, reason: expect.stringContaining('mail.dkim is not set') },
    unsent: { count: 2, since: MORNING_AFTER },
  });
  expect((await at('2026-11-24T08:00:00Z', 'status', '--check')).stdout).toMatch(
    /2 deliveries are due since 2026-11-24T05:00:00Z, and nobody tried them/,
  );
});

it('tells a monitor that the metrics cannot be written', async () => {
  await prepare('metrics: {textfile: /dev/null/m.prom}\n');
  expect((await at('2026-11-23T20:00:00Z', 'run')).code).toBe(73);
  expect(await at('2026-11-23T20:00:00Z', 'status', '--check')).toMatchObject({
    code: 2,
    stdout: expect.stringMatching(
      /^TLSRPT CRITICAL: the last run \(2026-11-23T20:00:00Z\) stopped: .*\/dev\/null\/m\.prom/,
    ),
  });
});
