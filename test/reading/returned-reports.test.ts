import { expect, it } from 'vitest';
import { makePlace } from '../cli/place.ts';
import { runCli } from '../cli/run-cli.ts';

/** A message of `sender` to `recipient`, refused for good. */
function refused(id: string, sender: string, recipient: string): string[] {
  return [
    `Nov 24 04:00:00 mta1 postfix/qmgr[9]: ${id}: from=<${sender}>, size=5000, nrcpt=1 (queue active)`,
    `Nov 24 04:00:01 mta1 postfix/smtp[77]: ${id}: to=<${recipient}>, relay=mx.example.org[192.0.2.25]:25, delay=1, delays=0/0/1/0, dsn=5.1.1, status=bounced (host mx.example.org[192.0.2.25] said: 550 5.1.1 no such user status=sent (in reply to RCPT TO command))`,
  ];
}

/** The same in Exim's words; the server's text imitates another address. */
function refusedByExim(id: string, sender: string, recipient: string): string[] {
  return [
    `2026-11-24 04:00:00 ${id} <= ${sender} U=root P=local S=5000`,
    `2026-11-24 04:00:01 ${id} ** ${recipient} R=dnslookup T=remote_smtp H=mx.example.org [192.0.2.25] X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=yes: SMTP error from remote mail server after RCPT TO:<${recipient}>: 550 5.1.1 ** other@example.net R=x`,
    `2026-11-24 04:00:01 ${id} Completed`,
  ];
}

it('so does Exim’s', async () => {
  const place = await makePlace(
    'mta: {honours: []}\nlogs: [{path: mainlog, parser: exim, timezone: UTC, host: mta1}]\n',
  );
  const lines = [
    ...refusedByExim('1vNA00-000000001Ab-0001', 'tls@reports.example', 'reports@example.org'),
    ...refusedByExim('1vNA00-000000001Ab-0002', 'somebody@reports.example', 'friend@example.org'),
  ];
  await place.write('mainlog', `${lines.join('\n')}\n`);
  const now = ['--now', '2026-11-24T05:00:00Z', '--config', place.config];
  expect((await runCli(['run', '--offline', ...now])).code).toBe(0);
  const [status] = (await runCli(['status', '--json', ...now])).json();
  await place.remove();
  expect(status).toMatchObject({ suppressed: [{ rua: 'mailto:reports@example.org', bounces: 1 }] });
});

it('a report that comes back suppresses its address; other mail, and a second reading, do not', async () => {
  const place = await makePlace('mta: {honours: []}\nlogs: [{path: mail.log, timezone: UTC, host: mta1}]\n');
  const lines = [
    ...refused('9F3A51C0B7', 'tls@reports.example', 'reports@example.org'),
    ...refused('9F3A51C0B8', 'somebody@reports.example', 'friend@example.org'),
  ];
  await place.write('mail.log', `${lines.join('\n')}\n`);
  const now = ['--now', '2026-11-24T05:00:00Z', '--config', place.config];
  for (let pass = 0; pass < 2; pass++) expect((await runCli(['run', '--offline', ...now])).code).toBe(0);
  const [status] = (await runCli(['status', '--json', ...now])).json();
  await place.remove();
  expect(status).toMatchObject({
    suppressed: [{ rua: 'mailto:reports@example.org', bounces: 1, until: '2026-11-25T04:00:01Z' }],
  });
});
