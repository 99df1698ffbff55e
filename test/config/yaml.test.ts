import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/file.ts';
import { EXIT, Problem } from '../../src/errors.ts';

const HEAD = 'organization: A\ncontact: a@example.org\nstate: /var/lib/x\n';

/** What a configuration is refused with. */
function refusal(text: string): Problem {
  try {
    parseConfig(text, 'c.yaml');
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('it was taken');
}

it.each([
  ['delivery: {destinations: [{domain: *.test.example, action: discard}]}', '4:36', '"*.test.example"'],
  ['delivery: {destinations: [{domain: *, action: discard}]}', '4:36', '"*"'],
  [
    'delivery:\n  destinations:\n    - domain: *.test.example\n      action: discard',
    '6:15',
    '"*.test.example"',
  ],
  ['organization: *.x y', '4:15', '"*.x"'],
])('%j: text that begins with * wants quotes', (text, place, quoted) => {
  const { exitCode, message, help } = refusal(`${HEAD}${text}\n`);
  expect(message).toContain(`c.yaml:${place}: *`);
  expect(help).toBe(`put it in quotes: ${quoted}`);
  expect(exitCode).toBe(EXIT.config);
});

it('takes what an anchor names', () => {
  const text = `${HEAD}logs:\n  - {path: /a, relayhosts: &hosts ["[gw.example]"]}\n  - {path: /b, relayhosts: *hosts}\n`;
  expect(parseConfig(text, 'c.yaml').logs[1]?.relayhosts).toEqual(['[gw.example]']);
});

it('names the place of an alias for what is wrong in what it names', () => {
  const text = `${HEAD}logs:\n  - &a {path: /a, timezone: Mars/Base}\n  - *a\n`;
  expect(refusal(text).message).toMatch(
    /c\.yaml:5:29: `logs\[0\]\.timezone`.*\nc\.yaml:6:5: `logs\[1\]\.timezone`/,
  );
});

it('refuses aliases that have no end, and those that stand for far too much', () => {
  expect(refusal(`${HEAD}logs: &a [*a]\n`).message).toContain(
    'c.yaml:4:11: the alias *a stands in what it names',
  );
  const ten = (name: string) => `[${Array.from({ length: 10 }, () => `*${name}`).join(', ')}]`;
  const bomb = `a: &a [x]\nb: &b ${ten('a')}\nc: &c ${ten('b')}\nd: &d ${ten('c')}\n`;
  expect(refusal(`${HEAD}${bomb}`).message).toContain(
    'c.yaml:5:8: the aliases of the configuration stand for far too much',
  );
});

it('says in words of its own what is no YAML', () => {
  const two = refusal(`${HEAD}---\norganization: B\n`);
  expect(two.message).toBe('the configuration is not valid YAML: a second document begins here');
  expect(two).toMatchObject({ where: 'c.yaml:4:1', help: expect.stringContaining('`---`') });
  expect(refusal(`${HEAD}keep: @x\n`)).toMatchObject({ where: 'c.yaml:4:7', help: 'put it in quotes: "…"' });
  expect(refusal(`${HEAD}state: /b\n`)).toMatchObject({
    where: 'c.yaml:4:1',
    message: 'the configuration is not valid YAML: this key was given before',
  });
  expect(refusal('['.repeat(100_000)).message).toContain('nested far too deep');
});
