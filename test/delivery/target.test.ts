import { expect, it } from 'vitest';
import { toTarget } from '../../src/delivery/target.ts';

it.each([
  ['mailto:tls@example.org', 'tls@example.org'],
  ['MAILTO:tls+x@Example.ORG.', 'tls+x@example.org'],
  ['mailto:a?b@example.org', 'a?b@example.org'],
])('%s goes to the mailbox %s', (rua, address) =>
  expect(toTarget(rua)).toMatchObject({ kind: 'mail', address }),
);

it.each([
  ...['mailto:', 'mailto:@example.org', 'mailto:a@', 'mailto:a', 'mailto:a@b@', 'mailto:a,b@example.org'],
  ...[
    'mailto:a@example.org,b@example.org',
    'mailto:"a"@example.org',
    'mailto:a..b@example.org',
    'mailto:.a@example.org',
  ],
  ...[
    'mailto:a@[127.0.0.1]',
    'mailto:a@127.0.0.1',
    'mailto:root@localhost',
    'mailto:a\r\nBcc: b@example.org',
  ],
  ...['mailto:a\0@example.org', 'mailto:ü@example.org', 'mailto:a b@example.org', 'mailto:<a@example.org>'],
  ...[`mailto:${'a'.repeat(65)}@example.org`, `mailto:a@${'b'.repeat(64)}.example`],
  ...[
    'https:',
    'https://',
    'https:///x',
    'https:example.org',
    'https://user@example.org/',
    'https://u:p@example.org/',
  ],
  ...['https://exa mple.org/', 'https://example.org/\r\nX: y', `https://example.org/${'a'.repeat(2048)}`],
  ...[
    'http://example.org/',
    'ftp://example.org/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'example.org',
    '',
  ],
  ...['directory:', 'directory:/a\0b'],
])('%j leads nowhere', (rua) => expect(toTarget(rua)).toBeUndefined());

it('takes a trailing dot off the host, which no certificate names', () => {
  const target = toTarget('https://Example.org./a');
  expect(target?.kind === 'https' && [target.url.href, target.host]).toEqual([
    'https://example.org/a',
    'example.org',
  ]);
});

it('drops the fragment of a URL and keeps its query', () => {
  const target = toTarget('https://Example.org:8443/a?b=c#d');
  expect(target?.kind === 'https' && target.url.href).toBe('https://example.org:8443/a?b=c');
});
