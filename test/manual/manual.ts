import { allCommands } from '../../src/cli/commands.ts';
import { type ConfigKey, configKeys } from '../../src/config/keys.ts';
import { packageVersion } from '../../src/version.ts';
import { bashCompletion, zshCompletion } from './completion.ts';
import { describeCommand } from './describe.ts';
import { commandPage, configPage, overviewPage } from './pages.ts';
import { statusJsonMarkdown } from './status-json.ts';

/** Every file below docs/ that is made from the program's own words, by its path there. */
export async function manualFiles(): Promise<Map<string, string>> {
  const version = packageVersion();
  const commands = (await allCommands()).map(describeCommand);
  return new Map([
    ['man/maillog-tlsrpt.1', overviewPage(commands, version)],
    ...commands.map((command): [string, string] => [
      `man/maillog-tlsrpt-${command.name}.1`,
      commandPage(command, version),
    ]),
    ['man/maillog-tlsrpt.yaml.5', configPage(configKeys(), version)],
    ['completion/maillog-tlsrpt.bash', bashCompletion(commands)],
    ['completion/_maillog-tlsrpt', zshCompletion(commands)],
    ['configuration.md', configMarkdown(configKeys())],
    ['status-json.md', statusJsonMarkdown()],
  ]);
}

/** docs/configuration.md. */
function configMarkdown(keys: readonly ConfigKey[]): string {
  return `# Configuration

<!-- Made from the schema by \`npm run manual\`; changes here are lost. -->

\`/etc/maillog-tlsrpt/config.yaml\` is a YAML mapping; \`maillog-tlsrpt init\` writes one from what it finds on the host, and
\`maillog-tlsrpt check\` says whether all is well. What is wrong in it is said with line and column, and nothing runs until it
is mended. Lengths of time are written \`30s\`, \`15m\`, \`4h\`, \`2d\`; a plain number means seconds. Relative paths start from
the directory of the file.

| key | meaning | default |
|---|---|---|
${keys.flatMap((key) => rows(key, '')).join('\n')}
`;
}

function rows(key: ConfigKey, parent: string): string[] {
  const name = `${parent}${key.name}`;
  const fallback = key.required ? 'must be given' : key.fallback === undefined ? '' : `\`${key.fallback}\``;
  const own = key.words === '' ? [] : [`| \`${name}\` | ${key.words.replace(/\|/g, '\\|')} | ${fallback} |`];
  return [...own, ...key.keys.flatMap((inner) => rows(inner, `${name}${key.list ? '[]' : ''}.`))];
}
