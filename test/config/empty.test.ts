import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/file.ts';

const REQUIRED = 'organization: A\ncontact: a@b.example\nstate: /x\n';

it('takes a mapping or list of which nothing is said for one that is not there', () => {
  const bare = parseConfig(REQUIRED, 'config.yaml');
  const empty = 'logs:\nmta:\ndelivery:\n  # spread: 2h\nfleet:\n  import-keys:\n';
  expect(parseConfig(REQUIRED + empty, 'config.yaml')).toEqual(bare);
  const inner = 'logs:\n  - path: /var/log/mail.log\n    journal:\n';
  expect(parseConfig(REQUIRED + inner, 'config.yaml').logs).toMatchObject([{ path: '/var/log/mail.log' }]);
});

it.each([
  ['keep:\n', 'keep'],
  ['delivery:\n  directory:\n', 'delivery.directory'],
  ['mail:\n  dkim:\n', 'mail.dkim'],
])('refuses a key without its value all the same: %j', (text, key) => {
  expect(() => parseConfig(REQUIRED + text, 'config.yaml')).toThrow(key);
});
