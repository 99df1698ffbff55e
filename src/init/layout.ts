import { stringify } from 'yaml';
import { type ConfigKey, configKeys } from '../config/keys.ts';

type Scalar = string | number | boolean;

/** A value as found; what is absent from a tree of them is shown as a comment, with its default. */
export type Found = { readonly [name: string]: Found } | readonly Found[] | Scalar | Explained;

/** A value with the reason why it is written out. */
export class Explained {
  readonly value: Scalar | readonly string[];
  readonly why: string;

  constructor(value: Scalar | readonly string[], why: string) {
    this.value = value;
    this.why = why;
  }
}

/** A mapping as found. */
export type FoundMap = { readonly [name: string]: Found };

const WIDTH = 100;

/** What an element of a list could say where it must say something. */
const EXAMPLES: Readonly<Record<string, string>> = {
  'logs.path': '/var/log/mail.log',
  'logs.journal.units': '["postfix@-.service"]',
  'delivery.destinations.domain': '"*.example.com"',
  'delivery.destinations.action': 'discard',
  'fleet.import-keys.host': 'mta1.example.com',
  'fleet.import-keys.key': '/etc/maillog-tlsrpt/mta1.pem',
};

/** Keys that elements of one kind only can have, by that kind. */
const ONLY_WITH: Readonly<Record<string, string>> = { 'logs.rotated': 'path' };

/**
 * The lines of a configuration: what was found as it is, all else as comments. Each comment can be taken out alone and
 * leaves a valid file, for the mapping it is in stands there already; an element of a list is one block.
 */
export function layOut(found: FoundMap): string[] {
  return configKeys()
    .flatMap((key) => ['', ...keyLines(key, found[key.name], key.name)])
    .flatMap(wrapped);
}

function keyLines(key: ConfigKey, value: Found | undefined, path: string): string[] {
  const words = key.words === '' ? [] : [`# ${key.words}`];
  if (value instanceof Explained) return [...words, `# ${value.why}`, leafLine(key, value.value)];
  if (key.keys.length === 0) return [...words, leafLine(key, value)];
  const inner = key.list
    ? listLines(key, Array.isArray(value) ? value.filter(isMap) : [], path)
    : mapLines(key.keys, isMap(value) ? value : {}, path);
  return [...words, `${key.name}:`, ...inner.map(indented)];
}

function leafLine({ name, fallback }: ConfigKey, value: Found | undefined): string {
  if (value !== undefined) return `${name}: ${flow(value)}`;
  return `#${name}:${fallback === undefined ? '' : ` ${fallback}`}`;
}

function mapLines(keys: readonly ConfigKey[], found: FoundMap, path: string): string[] {
  return keys.flatMap((key) => keyLines(key, found[key.name], `${path}.${key.name}`));
}

/** The elements found, below the last one what else can be said of it, and the other kinds of element as comments. */
function listLines(list: ConfigKey, elements: readonly FoundMap[], path: string): string[] {
  const kinds = kindsOf(list);
  const lines = elements.flatMap((element, i) => {
    const said = list.keys.filter(({ name }) => element[name] !== undefined);
    // The first one says what its keys mean.
    const explained = i === 0 ? said : said.map((key) => ({ ...key, words: '' }));
    const fits = ({ name }: ConfigKey) => {
      const kind = ONLY_WITH[`${path}.${name}`];
      return kind === undefined || element[kind] !== undefined;
    };
    const open =
      i < elements.length - 1
        ? []
        : list.keys.filter((key) => !said.includes(key) && !kinds.includes(key) && fits(key));
    return asElement(mapLines([...explained, ...open], element, path));
  });
  const others = kinds.filter(({ name }) => elements.every((element) => element[name] === undefined));
  const further = elements.length > 0 ? [] : list.keys.filter((key) => !kinds.includes(key));
  return [
    ...lines,
    ...others.flatMap((kind) => exampleElement([kind, ...(kind === kinds[0] ? further : [])], path)),
  ];
}

/** The keys one of which each element must have: a log's `path`, or its `journal`. */
function kindsOf({ keys }: ConfigKey): ConfigKey[] {
  return keys.filter((key, i) => i === 0 || key.keys.length > 0);
}

/** An element as it could be, as one block of comments. */
function exampleElement(keys: readonly ConfigKey[], path: string): string[] {
  const lines = asElement(exampleLines(keys, path));
  const dash = lines.findIndex((line) => line.startsWith('- '));
  return lines.map((line, i) => (i < dash ? line : `#${line}`));
}

function exampleLines(keys: readonly ConfigKey[], path: string): string[] {
  return keys.flatMap((key) => {
    const own = `${path}.${key.name}`;
    const words = key.words === '' ? [] : [`# ${key.words}`];
    if (key.keys.length > 0) return [...words, `${key.name}:`, ...exampleLines(key.keys, own).map(indented)];
    const value = EXAMPLES[own] ?? key.fallback;
    return [...words, value === undefined ? `#${key.name}:` : `${key.name}: ${value}`];
  });
}

/** The first key of a list's element stands behind a dash. */
function asElement(lines: readonly string[]): string[] {
  const first = lines.findIndex((line) => !line.startsWith('# '));
  return lines.map((line, i) => (i < first ? line : i === first ? `- ${line}` : `  ${line}`));
}

function indented(line: string): string {
  return `  ${line}`;
}

function isMap(value: unknown): value is FoundMap {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Explained)
  );
}

/** One value in YAML's flow style, quoted where it must be. */
function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}

/** A sentence that stands as a comment, in lines of a width; whatever else a line is, it stays. */
function wrapped(line: string): string[] {
  const [, before = '', sentence = ''] = /^([ #]*# )(\S.*)$/.exec(line) ?? [];
  if (sentence === '' || line.length <= WIDTH) return [line];
  const lines: string[] = [];
  for (const word of sentence.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > WIDTH) lines.push(before + word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
