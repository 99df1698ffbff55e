import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/file.ts';
import { readPostfix } from '../../src/policy/postfix-settings.ts';
import { optionsOf } from '../../src/reading/parser-options.ts';
import { makePlace } from '../cli/place.ts';
import { runCli } from '../cli/run-cli.ts';

const CONFIG = `organization: A
contact: a@example.org
state: /var/lib/x
logs:
  - path: /var/log/mail.log
    tls-log-level: 1
    hosts:
      out2: {relayhosts: ["[smtp.isp.example]:587"], sending-mta-ip: 192.0.2.2, tls-log-level: 0}
`;

function options(postfix: string) {
  const config = parseConfig(CONFIG, 'config.yaml');
  const [log] = config.logs;
  if (log === undefined) throw new Error('no log');
  return optionsOf(config, log, readPostfix(postfix));
}

it('the config goes before what Postfix says; single hosts have settings of their own', () => {
  const found = options('smtp_tls_security_level = may\nsmtp_tls_loglevel = 2\nrelayhost = [gw.example]\n');
  expect(found).toMatchObject({ tlsLogLevel: 1, relayhosts: ['[gw.example]'], ownSender: 'a@example.org' });
  expect(found.hosts).toEqual({
    out2: { relayhosts: ['[smtp.isp.example]:587'], sendingMtaIp: '192.0.2.2', tlsLogLevel: 0 },
  });
  expect(found).not.toHaveProperty('inferPlaintext');
});

it.each([
  ['smtp_tls_security_level = none\n', true],
  ['smtp_tls_security_level =\nsmtp_use_tls = no\n', true],
  ['smtp_tls_security_level =\nsmtp_use_tls = yes\n', false],
  ['smtp_tls_security_level = none\nsmtp_tls_policy_maps = hash:/etc/postfix/tls\n', false],
  ['smtp_tls_security_level = dane\n', false],
])('with %j clear text is nobody’s fault: %s', (postfix, isOff) => {
  expect(options(postfix).inferPlaintext).toBe(isOff ? false : undefined);
});

it("reads a collector's file: host, tag and pid are the key, each host with its own settings", async () => {
  const tls = (host: string, relay: string) =>
    `Nov 23 10:00:01 ${host} postfix/smtp[77]: Trusted TLS connection established to ${relay}: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)`;
  const sent = (host: string, relay: string, domain: string) =>
    `Nov 23 10:00:02 ${host} postfix/smtp[77]: 9F3A51C0B7: to=<u@${domain}>, relay=${relay}, delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 ok)`;
  const [isp, mx] = ['smtp.isp.example[192.0.2.9]:587', 'mx.b.example[192.0.2.8]:25'];
  // Interleaved, with equal pids: only the host tells them apart.
  const lines = [
    tls('out2', isp),
    tls('out1', mx),
    sent('out2', isp, 'a.example'),
    sent('out1', mx, 'b.example'),
  ];
  const place = await makePlace(
    `mta: {honours: []}\nlogs:\n  - path: mail.log\n    timezone: UTC\n    hosts: {out2: {relayhosts: ["[smtp.isp.example]:587"]}}\n`,
  );
  await place.write('mail.log', `${lines.join('\n')}\n`);
  const now = ['--now', '2026-11-23T12:00:00Z', '--config', place.config];
  expect((await runCli(['run', '--offline', ...now])).code).toBe(0);
  const reports = (await runCli(['report', '--json', ...now])).json();
  await place.remove();
  const domains = reports.map(
    (report) => (report as { 'report-id': string })['report-id'].split('.test.')[0],
  );
  expect(domains).toEqual(['2026-11-23.b.example', '2026-11-23.smtp.isp.example']);
});

it('hands a parser its own options, and names the one that it refuses', async () => {
  const line =
    '2026-11-23 10:00:00 1vNA00-000000001Ab-0001 => u@a.example R=r T=filter H=mx.a.example [192.0.2.8] X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=yes C="250 OK"';
  const now = ['--now', '2026-11-23T12:00:00Z'];
  const sessions = async (options: string) => {
    const place = await makePlace(
      `mta: {honours: []}\nlogs: [{path: mainlog, parser: exim, timezone: UTC, options: ${options}}]\n`,
    );
    await place.write('mainlog', `${line}\n`);
    const result = await runCli(['run', '--offline', '--json', ...now, '--config', place.config]);
    await place.remove();
    return result;
  };
  expect((await sessions('{}')).json()).toMatchObject([{ sessions: 1 }]);
  expect((await sessions('{excludeTransports: [filter]}')).json()).toMatchObject([{ sessions: 0 }]);
  const refused = await sessions('{excludeTransports: 7}');
  expect(refused.code).toBe(78);
  expect(refused.stderr).toContain('excludeTransports');
});
