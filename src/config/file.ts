import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Config, configSchema } from '../config.ts';
import { EXIT, Problem, systemReason } from '../errors.ts';
import { nearestOf } from '../nearest.ts';
import { credentialPath, isCredential } from './credential.ts';
import { schemaAt, shapeOrBranchOf } from './schema.ts';

type YamlDocument = ReturnType<typeof parseDocument>;

/**
 * Reads and checks a configuration file.
 * @param credentials where systemd put what it hands over to this process
 * @throws Problem (config): every fault with file, line and column, what is wrong and what is allowed.
 */
export async function loadConfig(
  path: string,
  credentials = process.env['CREDENTIALS_DIRECTORY'],
): Promise<Config> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new Problem(EXIT.config, `the configuration cannot be read: ${systemReason(error)}`, {
      where: path,
      help: 'write one with `maillog-tlsrpt init`, or name it with --config FILE',
      cause: error,
    });
  }
  return withAbsolutePaths(parseConfig(text, path), dirname(resolve(path)), credentials);
}

/** Relative paths start from the directory of the config file, wherever the command was started. */
function withAbsolutePaths(config: Config, directory: string, credentials: string | undefined): Config {
  const { mail, delivery, state } = config;
  const absolute = (path: string) =>
    isCredential(path) ? credentialPath(path, credentials) : resolve(directory, path);
  return {
    ...config,
    state: /^[a-z]+:\/\//.test(state) ? state : absolute(state),
    mail: {
      ...mail,
      ...(mail.dkim !== undefined && { dkim: withAbsoluteKeys(mail.dkim, absolute) }),
      ...(mail['password-file'] !== undefined && { 'password-file': absolute(mail['password-file']) }),
    },
    delivery: {
      ...delivery,
      ...(delivery.directory !== undefined && { directory: absolute(delivery.directory) }),
      ...(delivery['https-ca'] !== undefined && { 'https-ca': absolute(delivery['https-ca']) }),
    },
  };
}

function withAbsoluteKeys(
  dkim: NonNullable<Config['mail']['dkim']>,
  absolute: (path: string) => string,
): NonNullable<Config['mail']['dkim']> {
  if (dkim === 'mta') return dkim;
  if (Array.isArray(dkim)) return dkim.map((one) => ({ ...one, key: absolute(one.key) }));
  return { ...dkim, key: absolute(dkim.key) };
}

/** Checks a configuration's text; `path` is for messages only. */
export function parseConfig(text: string, path: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const [syntax] = document.errors;
  if (syntax !== undefined) {
    throw new Problem(EXIT.config, `the configuration is not valid YAML: ${firstLine(syntax.message)}`, {
      where: at(path, lines, syntax.pos[0]),
    });
  }
  const result = configSchema.safeParse(document.toJS() ?? {});
  if (result.success) return result.data;
  const faults = result.error.issues
    .flatMap(branchMeant)
    .map((issue) => describe(issue, document, lines, path));
  throw new Problem(EXIT.config, faults.map((fault) => fault.message).join('\n'), {
    where: faults[0]?.where,
    help: faults[0]?.help,
  });
}

/** Of a union, the faults of the branch that the value was meant for: the one whose outer shape it has. */
function branchMeant(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const meant = issue.errors.find((branch) =>
    branch.every((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
  );
  if (meant === undefined) return [issue];
  return meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })).flatMap(branchMeant);
}

interface Fault {
  readonly message: string;
  readonly where: string;
  readonly help: string | undefined;
}

function describe(issue: z.core.$ZodIssue, document: YamlDocument, lines: LineCounter, path: string): Fault {
  const keys = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const known = knownKeys(keys);
    const nearest = nearestOf(key, known);
    const where = at(path, lines, offsetOfKey(document, keys, key));
    return {
      message: `${where}: unknown key \`${dotted([...keys, key])}\`${nearest === undefined ? '' : `; did you mean \`${nearest}\`?`}`,
      where,
      help: `allowed here: ${known.join(', ')}`,
    };
  }
  const where = at(path, lines, offsetOfValue(document, keys));
  const missing = issue.code === 'invalid_type' && valueAt(document, keys) === undefined;
  if (keys.length === 0 && issue.code === 'invalid_type') {
    const help =
      'write keys and values: `organization: …`, `contact: …`, `state: …`; `maillog-tlsrpt init` writes them';
    return { message: `${where}: this is no configuration`, where, help };
  }
  const words = missing ? 'is missing' : issue.message.replace(/^Invalid input: /, '');
  return { message: `${where}: \`${dotted(keys)}\` ${words}`, where, help: descriptionOf(keys) };
}

/** The position of a value; of a missing one, that of the mapping it is missing from. */
function offsetOfValue(document: YamlDocument, keys: readonly (string | number)[]): number | undefined {
  for (let length = keys.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(keys.slice(0, length), true);
    const range = (node as { range?: readonly number[] | null } | undefined)?.range;
    if (range?.[0] !== undefined) return range[0];
  }
  return undefined;
}

function offsetOfKey(
  document: YamlDocument,
  parents: readonly (string | number)[],
  key: string,
): number | undefined {
  const parent = parents.length === 0 ? document.contents : document.getIn(parents, true);
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
}

function valueAt(document: YamlDocument, keys: readonly (string | number)[]): unknown {
  return keys.length === 0 ? document.toJS() : document.getIn(keys);
}

function at(path: string, lines: LineCounter, offset: number | undefined): string {
  if (offset === undefined) return `${path}:1:1`;
  const { line, col } = lines.linePos(offset);
  return `${path}:${line}:${col}`;
}

function dotted(keys: readonly (string | number)[]): string {
  return (
    keys.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('') ||
    '(the whole file)'
  );
}

function knownKeys(keys: readonly (string | number)[]): string[] {
  const schema = schemaAt(configSchema, keys);
  return Object.keys((schema && shapeOrBranchOf(schema)) ?? {});
}

function descriptionOf(keys: readonly (string | number)[]): string | undefined {
  const description = schemaAt(configSchema, keys)?.description;
  return description === undefined ? undefined : `${dotted(keys)}: ${description}`;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
