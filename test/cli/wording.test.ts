import { afterEach, beforeEach, expect, it } from 'vitest';
import { Printer } from '../../src/cli/io.ts';
import { sayClosed } from '../../src/cli/say.ts';
import { MORNING_AFTER, makePlace, type Place } from './place.ts';
import { collector, runCli } from './run-cli.ts';

/** One session, with a domain whose name has an umlaut. */
const LOG = [
  '2026-11-23T10:00:01Z mta postfix/smtp[77]: Trusted TLS connection established to mx.xn--bcher-kva.test[192.0.2.8]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)',
  '2026-11-23T10:00:02Z mta postfix/smtp[77]: 9F3A51C0B7: to=<u@xn--bcher-kva.test>, relay=mx.xn--bcher-kva.test[192.0.2.8]:25, delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 ok)',
];

let place: Place;
beforeEach(async () => {
  place = await makePlace('mta: {honours: []}\nlogs: [{path: mail.log}]\n');
  await place.write('mail.log', `${LOG.join('\n')}\n`);
});
afterEach(() => place.remove());

const command = (...words: string[]) => runCli([...words, '--config', place.config, '--now', MORNING_AFTER]);

it('counts one of a thing as one, and names a single day once', async () => {
  expect((await command('run', '--offline')).stderr).toContain('read 1 file, 2 new lines, 1 session\n');
  expect((await command('report')).stdout).toContain(': 1 session succeeded, 0 failed\n');
  expect((await command('status', '--check')).stdout).toContain(', 1 session on 2026-11-23');
  const fresh = ['backfill', place.path('mail.log'), '--state', place.path('other')];
  expect((await command(...fresh)).stdout).toContain(
    '1 file, 2 new lines, 1 session, 2026-11-23 to 2026-11-23\n',
  );
});

it.each([
  [['2026-11-20'], '2026-11-20 ended too long ago, and is held; '],
  [['2026-11-19', '2026-11-20'], '2 days that ended too long ago are held (2026-11-19 to 2026-11-20); '],
])('says of %j that it is held', (days, words) => {
  const err = collector({});
  const io = { stdout: collector({}).stream, stderr: err.stream, stdin: process.stdin, env: {} };
  const held = new Map(days.map((day) => [day, 'too-old' as const]));
  sayClosed({ built: [], held, waiting: 0, unasked: 0 }, new Printer(io));
  expect(err.text()).toContain(words);
});

it.each(['bücher.test', 'BÜCHER.test.', 'xn--bcher-kva.test'])(
  'finds %s under whatever form of its name',
  async (domain) => {
    await command('run', '--offline');
    expect((await command('report', '--json', '--domain', domain)).json()).toHaveLength(1);
    const posture = await command('posture', '--level', 'dane', '--domain', domain);
    expect(posture.stdout).toContain('of 1 domains');
  },
);

it.each(['report', 'posture'])('%s refuses what is no domain', async (name) => {
  const { code, stderr } = await command(name, '--domain', 'no domain');
  expect(stderr).toContain('--domain must be a domain name, and "no domain" is none');
  expect(code).toBe(64);
});

it('says what was given where a lone hyphen stands for the value of an option', async () => {
  const place = await makePlace();
  const { code, stderr } = await runCli(['posture', '--domain', '-', '--config', place.config]);
  expect({ code, isPlain: stderr.includes('"-"') && !stderr.includes('u0000') }).toEqual({
    code: 64,
    isPlain: true,
  });
  await place.remove();
});
