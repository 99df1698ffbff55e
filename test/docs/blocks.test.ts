import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { parseConfig } from '../../src/config/file.ts';
import { GUIDES } from '../e2e/docs/guides.ts';
import { blocks, pages, pageText } from './markdown.ts';
import { commandsOf, matches } from './steps.ts';

/** Blocks with commands that test/e2e/docs.test.ts does not run: the page, the first line, and who runs them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'docs/fleet.md: # on the database server': 'test/e2e/fleet/guide.test.ts follows the page',
  'docs/fleet.md: # on every mail host': 'test/e2e/fleet/guide.test.ts follows the page',
  'docs/fleet.md: # on mta9': 'test/e2e/fleet/guide.test.ts follows the page',
  'CONTRIBUTING.md: npm run demo      # installs, builds, shows the whole road on real sample logs':
    '.ci/run runs these scripts themselves',
  'parsers/README.md: npm run new-parser swallow': 'test/parsers/template.test.ts follows the page',
  'parsers/README.md: npm run samples:accept swallow': 'test/parsers/template.test.ts follows the page',
  'parsers/README.md: npx vitest run test/parsers/swallow': 'test/parsers/template.test.ts follows the page',
  'parsers/README.md: maillog-tlsrpt sessions /var/log/swallow.log --parser ./my-parser.js':
    'test/cli/foreign-parser.test.ts and test/e2e/package.test.ts run a foreign parser',
};

/** Languages of blocks that nobody runs: what stands in them is shown, or put somewhere by its reader. */
const SHOWN = ['', 'text', 'ts', 'json', 'yaml', 'ini', 'main.cf', 'master.cf', 'exim'];

const REQUIRED = {
  organization: 'Sender Ltd.',
  contact: 'tls@sender.example',
  state: '/var/lib/maillog-tlsrpt',
};

describe.each(pages())('%s', (page) => {
  const found = blocks(pageText(page));

  it('has every command run by a test (see CONTRIBUTING.md)', () => {
    const walked = GUIDES.some((guide) => guide.page === page);
    const commands = found.filter(
      ({ language, path }) => /^(?:sh|console)$/.test(language) && path === undefined,
    );
    const alone = commands.map(({ text }) => `${page}: ${text.split('\n')[0]}`);
    expect(walked ? [] : alone.filter((name) => ELSEWHERE[name] === undefined)).toEqual([]);
  });

  it('has blocks of languages that are known', () => {
    const others = found.filter(({ language, path }) => path === undefined && !SHOWN.includes(language));
    expect(others.filter(({ language }) => !/^(?:sh|console)$/.test(language))).toEqual([]);
  });

  it.each(found.filter(({ language }) => language === 'yaml'))(
    'has a true configuration at line $line',
    ({ text }) => {
      const part = parseDocument(text).toJS() as object;
      const whole = JSON.stringify({ ...REQUIRED, ...part });
      expect(parseConfig(whole, `${page}.yaml`)).toMatchObject({ organization: REQUIRED.organization });
    },
  );
});

it('every block that is said to be run elsewhere is there', () => {
  const all = pages().flatMap((page) =>
    blocks(pageText(page)).map(({ text }) => `${page}: ${text.split('\n')[0]}`),
  );
  expect(Object.keys(ELSEWHERE).filter((name) => !all.includes(name))).toEqual([]);
});

describe('what a command prints', () => {
  it.each([
    ['a\n', 'a\n', true],
    ['a\n', 'b\n', false],
    ['a 17 b\n', 'a … b\n', true],
    ['a\nb\nc\n', '…\nc\n', true],
    ['a\nb\n', '…\nc\n', false],
    ['c\n', '…\nc\n', true],
    ['a.b\n', 'a+b\n', false],
    ['a\nb\n', 'a\n', false],
  ])('%j fits %j: %s', (output, said, fits) => expect(matches(output, said)).toBe(fits));
});

it('a console block is read as commands and their output, continued lines together', () => {
  const text = '$ one \\\n  two\nsaid\n\n$ three\n';
  const block = { language: 'console', path: undefined, text, line: 10, indent: 0 };
  expect(commandsOf(block)).toEqual([
    { command: 'one \\\n  two', output: 'said\n\n', line: 10 },
    { command: 'three', output: '', line: 14 },
  ]);
});
