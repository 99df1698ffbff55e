import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config.ts';
import { planOutbox } from '../../src/delivery/destinations.ts';
import { firstTime } from '../../src/delivery/schedule.ts';

const MAIL = 'mailto:tls@example.org';
const POST = 'https://r.example/tls';

function plan(rua: readonly string[], delivery: Record<string, unknown> = {}, held = false) {
  const config = configSchema.parse({
    organization: 'Example',
    contact: 'tls@sender.example',
    state: '/nowhere',
    delivery,
  });
  return planOutbox(config.delivery, { day: '2026-11-22', domain: 'mail.example.org', rua, held });
}
const targets = (...given: Parameters<typeof plan>) => plan(...given).rows.map(({ rua }) => rua);

it('queues every address once, due at the time of the report', () => {
  const notBefore = firstTime('mail.example.org', '2026-11-22', 4 * 3_600_000);
  expect(plan([MAIL, POST, MAIL]).rows).toEqual([
    { rua: MAIL, state: 'due', notBefore },
    { rua: POST, state: 'due', notBefore },
  ]);
  expect(plan([MAIL], {}, true).rows[0]?.state).toBe('held');
});

it('takes at most delivery.max-uris, and says what it left out', () => {
  const many = Array.from({ length: 8 }, (_, at) => `mailto:a${at}@example.org`);
  const { rows, ignored } = plan(many);
  expect(rows).toHaveLength(5);
  expect(ignored).toHaveLength(3);
  expect(ignored[0]?.reason).toContain('more than 5');
});

it('passes over what is no address; a record cannot name a directory of ours', () => {
  const { rows, ignored } = plan(['directory:/etc', 'ftp://x.example/', 'mailto:a b@example.org', MAIL]);
  expect(rows.map(({ rua }) => rua)).toEqual([MAIL]);
  expect(ignored.map(({ rua }) => rua)).toEqual([
    'directory:/etc',
    'ftp://x.example/',
    'mailto:a b@example.org',
  ]);
});

it('adds our own directory', () => {
  expect(targets([MAIL], { directory: '/srv/reports' })).toEqual([MAIL, 'directory:/srv/reports']);
});

describe('delivery.destinations', () => {
  const rule = (one: Record<string, unknown>) => ({ destinations: [one] });
  it.each([
    ['discard by domain', { domain: 'mail.example.org', action: 'discard' }, []],
    ['discard by subdomains', { domain: '*.example.org', action: 'discard' }, []],
    [
      'no match: the domain itself is no subdomain',
      { domain: '*.mail.example.org', action: 'discard' },
      [MAIL, POST],
    ],
    ['discard by address', { rua: MAIL, action: 'discard' }, [POST]],
    ['discard by the start of an address', { rua: 'https:*', action: 'discard' }, [MAIL]],
    [
      'replace',
      { rua: MAIL, action: 'replace', to: ['mailto:me@here.example'] },
      ['mailto:me@here.example', POST],
    ],
    [
      'append',
      { rua: MAIL, action: 'append', to: ['mailto:me@here.example'] },
      [MAIL, 'mailto:me@here.example', POST],
    ],
    ['directory', { domain: '*', action: 'directory', to: ['/srv/x'] }, ['directory:/srv/x']],
    ['accept', { domain: '*', action: 'accept' }, [MAIL, POST]],
  ])('%s', (_what, one, expected) => {
    expect(targets([MAIL, POST], rule(one))).toEqual(expected);
  });

  it('the first rule that matches counts', () => {
    const destinations = [
      { rua: MAIL, action: 'accept' },
      { domain: '*', action: 'discard' },
    ];
    expect(targets([MAIL, POST], { destinations })).toEqual([MAIL]);
  });
});

it.each([
  ['replace', []],
  ['append', ['ftp://example.org/']],
  ['append', ['mailto:nobody']],
  ['directory', []],
  ['directory', ['relative']],
  ['directory', ['/a', '/b']],
  ['discard', ['mailto:a@example.org']],
])('a rule "%s" to %j is refused', (action, to) => {
  expect(() => plan([MAIL], { destinations: [{ action, to }] })).toThrow(/must be/);
});
