/** `npm run new-parser NAME`: a parser of that name, its samples and its test, to be made yours (parsers/README.md). */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TEMPLATE = join(ROOT, 'parsers', '_template');

/**
 * Writes the new parser below `root` and returns the paths of its files.
 * @throws Error for a name that is none, or is taken.
 */
export function makeParser(root: string, name: string): string[] {
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)) {
    throw new Error(
      `"${name}" is no name for a parser: use lower-case letters, digits and hyphens, a letter first`,
    );
  }
  const taken = [join('parsers', name), join('samples', name)].find((path) => existsSync(join(root, path)));
  if (taken !== undefined) throw new Error(`${taken} is there already: choose another name`);
  const files = new Map<string, string>();
  for (const path of filesBelow(TEMPLATE)) {
    files.set(targetOf(path, name), named(readFileSync(join(TEMPLATE, path), 'utf8'), name));
  }
  files.set(join('test', 'parsers', name, 'contract.test.ts'), contractTest(name));
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return [...files.keys()].sort();
}

/** `samples/template/CASE/…` of the template goes to `samples/NAME/CASE/…`, all else beside the other parsers. */
function targetOf(path: string, name: string): string {
  const samples = join('samples', 'template', '/');
  return path.startsWith(samples)
    ? join('samples', name, path.slice(samples.length))
    : join('parsers', name, path);
}

function named(text: string, name: string): string {
  const words = name.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return text.replaceAll('Template', words.join('')).replaceAll('template', name);
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(directory, path)).isFile(),
  );
}

function contractTest(name: string): string {
  return `import { parser } from '../../../parsers/${name}/index.ts';
import { describeParserContract } from '../../parser-contract.ts';

/** Stamp, host, and the rest of a syslog line. */
const SYSLOG = /^(\\S+) (\\S+) (.*)$/;

describeParserContract(parser, {
  // Lines that stand beside yours in a log and must change nothing: other programs, other hosts, noise.
  foreignLines: (neighbour) => [
    neighbour.replace(SYSLOG, '$1 $2 postfix/smtp[311]: 9F3A51C0B7: to=<a@example.org>, relay=none'),
    neighbour.replace(SYSLOG, '$1 stranger parcel[311]: 0000c0de close'),
    'not a line of syslog',
  ],
  // The same line from another host; leave it out if your lines name no host.
  onHost: (line, host) => line.replace(SYSLOG, \`$1 \${host} $3\`),
  // The n-th of lines that each begin a session which never ends.
  endlessLine: (n) =>
    \`2026-11-22T10:00:00Z mail parcel[311]: \${n.toString(16).padStart(8, '0')} open mx1.example.org 192.0.2.25\`,
});
`;
}

function main(names: readonly string[]): void {
  const [name] = names;
  if (name === undefined || names.length > 1) {
    console.error('Usage: npm run new-parser NAME');
    process.exitCode = 64;
    return;
  }
  try {
    for (const path of makeParser(ROOT, name)) console.log(`  ${path}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 64;
    return;
  }
  console.log(`
Next (parsers/README.md):
  1. put real lines into samples/${name}/<case-as-a-sentence>/input.log
  2. make parsers/${name}/ read them
  3. npm run samples:accept ${name}
  4. npx vitest run test/parsers/${name}
  5. import it in src/registry.ts and add it to BUILT_IN`);
}

const started = process.argv[1];
if (started !== undefined && realpathSync(started) === fileURLToPath(import.meta.url))
  main(process.argv.slice(2));
