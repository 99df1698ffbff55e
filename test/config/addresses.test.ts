import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/file.ts';

const HEAD = 'organization: A\ncontact: a@example.org\n';

function parse(line: string, state = 'state: /var/lib/x') {
  return parseConfig(`${HEAD}${state}\n${line}\n`, 'c.yaml');
}

it.each([
  'smtp://127.0.0.1:99999',
  'smtp://127.0.0.1:0',
  'smtp://[::zz]:25',
  'smtp://[1:2]',
  'smtp://',
  'smpt://127.0.0.1',
])('mail.via: %s is refused with its place', (via) => {
  expect(() => parse(`mail: {via: "${via}"}`)).toThrow(
    /^c\.yaml:4:13: `mail\.via` must be "sendmail", "smtp:\/\/host:port" .* from 1 to 65535$/,
  );
});

it.each(['sendmail', 'smtp://127.0.0.1', 'smtps://smtp.isp.example:465', 'smtp://[2001:db8::1]:65535'])(
  'mail.via: %s is a way out',
  (via) => {
    expect(parse(`mail: {via: "${via}"}`).mail.via).toBe(via);
  },
);

it.each(['resolver.example', '127.0.0.1:99999', '[2001:db8::1', 'foo:bar:baz', ''])(
  'dns.servers: %j is refused with its place',
  (server) => {
    expect(() => parse(`dns: {servers: [127.0.0.1, "${server}"]}`)).toThrow(
      /^c\.yaml:4:28: `dns\.servers\[1\]` must be an address, with or without a port: 127\.0\.0\.1/,
    );
  },
);

it.each(['127.0.0.1', '192.0.2.1:5353', '2001:db8::1', '[2001:db8::1]:53'])(
  'dns.servers: %s can be asked',
  (server) => {
    expect(parse(`dns: {servers: ["${server}"]}`).dns.servers).toEqual([server]);
  },
);

it.each(['mysql://foo/bar', 'file:///var/lib/x', 'postgres:/x', 'sqlite:/x'])(
  'state: %s is refused, for it would be made as a directory of that name',
  (state) => {
    expect(() => parse('', `state: ${state}`)).toThrow(
      /^c\.yaml:3:8: `state` must be a directory, or postgres:\/\/USER@HOST\/DATABASE/,
    );
  },
);

it.each(['postgres://u@db.example/x', 'postgresql:///x', '/srv/a:b', 'relative/x', 'C:x'])(
  'state: %s names a ledger',
  (state) => {
    expect(parse('', `state: "${state}"`).state).toBe(state);
  },
);
