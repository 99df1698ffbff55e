import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../../src/config/file.ts';
import { nearestOf } from '../../src/nearest.ts';

const HEAD = 'organization: A\ncontact: a@example.org\nstate: /var/lib/x\n';

it.each([
  ['report: {inferred: yes}', '`report.inferred` must be true or false'],
  ['report: {inferred: "true"}', '`report.inferred` must be true or false'],
  ['delivery: {max-uris: -1}', '`delivery.max-uris` must be 1 or more'],
  ['delivery: {max-uris: 1.5}', '`delivery.max-uris` must be a whole number'],
  ['alerts: {percent: 200}', '`alerts.percent` must be 100 or less'],
  ['alerts: {command: /bin/x}', '`alerts.command` must be a list: [A, B], or a line `- A` for each'],
  ['alerts: {command: []}', '`alerts.command` must have at least one element'],
  ['alerts: {command: [""]}', '`alerts.command[0]` must not be empty'],
  ['native: off', '`native` must be hold or use'],
  ['mta: {honours: [dnae]}', '`mta.honours[0]` must be dane or mta-sts'],
  ['delivery: {destinations: [{action: drop}]}', 'must be accept, discard, replace, append or directory'],
  ['mail: yes', '`mail` must be a mapping of keys and values'],
  ['keep: {days: 3}', '`keep` must be a length of time such as 30s, 15m, 4h or 2d'],
  ['instance: 5', '`instance` must be text; put it in quotes'],
  ['fleet: {import-keys: [{host: a}]}', '`fleet.import-keys[0].key` is missing'],
  ['mail: {dkim: {domain: a.example, selector: s, key: }}', '`mail.dkim.key` must be text'],
])('%s: says what is allowed, and not what the program calls it', (line, words) => {
  let said = '';
  try {
    parseConfig(`${HEAD}${line}\n`, 'c.yaml');
  } catch (error) {
    said = (error as Error).message;
  }
  expect(said).toContain(words);
  expect(said).toMatch(/^c\.yaml:4:\d+: /);
  expect(said).not.toMatch(/expected|received|Invalid|Too (?:small|big)/);
});

it.each([
  ['logs: /var/log/mail.log', '{path: /var/log/mail.log}'],
  ['logs: [/var/log/mail.log]', '{path: /var/log/mail.log}'],
])('%s: shows the shape of a log', (line, shape) => {
  expect(() => parseConfig(`${HEAD}${line}\n`, 'c.yaml')).toThrow(
    expect.objectContaining({ help: expect.stringContaining(shape) }),
  );
});

it('takes two letters in each other’s place for the nearest of mistakes', () => {
  expect(nearestOf('mial', ['mta', 'mail'])).toBe('mail');
  expect(nearestOf('mat', ['mail', 'mta'])).toBe('mta');
});

it('names the known keys of one host', () => {
  const text = `${HEAD}logs: [{path: /a, hosts: {mx1: {relayhost: [b.example]}}}]\n`;
  expect(() => parseConfig(text, 'c.yaml')).toThrow(/relayhost`; did you mean `relayhosts`\?/);
});

it.skipIf(process.getuid?.() === 0)(
  'does not advise to write anew what is only not ours to read',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tlsrpt-'));
    try {
      const path = join(directory, 'c.yaml');
      await writeFile(path, HEAD);
      await chmod(path, 0);
      await expect(loadConfig(path)).rejects.toMatchObject({
        help: expect.stringMatching(/as root.*sudo -u maillog-tlsrpt/),
      });
    } finally {
      await rm(directory, { recursive: true });
    }
  },
);

it('says of a directory that the file in it is meant', async () => {
  await expect(loadConfig(tmpdir())).rejects.toMatchObject({
    message: expect.stringContaining('it is a directory'),
    help: 'name the file in it with --config FILE',
  });
});
