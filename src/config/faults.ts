import type { z } from 'zod';
import { configSchema } from '../config.ts';
import { EXIT, Problem } from '../errors.ts';
import { nearestOf } from '../nearest.ts';
import { schemaAt, shapeOrBranchOf } from './schema.ts';
import type { KeyPath, YamlText } from './yaml.ts';

/** One thing that is wrong with a configuration: `file:line:column`, what it is, what is allowed. */
export interface Fault {
  readonly where: string;
  /** Begins with `where`. */
  readonly message: string;
  readonly help?: string | undefined;
}

/** All that is wrong, as one fault of the configuration; what is allowed is said of the first. */
export function refusal(faults: readonly Fault[]): Problem {
  const [first] = faults;
  return new Problem(EXIT.config, faults.map(({ message }) => message).join('\n'), {
    where: first?.where,
    help: first?.help,
  });
}

/** What the schema found wrong, with the place of each. */
export function schemaFaults(error: z.core.$ZodError, yaml: YamlText): Fault[] {
  return error.issues.flatMap(branchMeant).flatMap((issue) => faultsOf(issue, yaml));
}

/** A value that is not as it must be. @param words what it must be: `must be …` */
export function wrongValue(yaml: YamlText, keys: KeyPath, words: string): Fault {
  const where = yaml.placeOf(keys);
  return { where, message: `${where}: \`${dotted(keys)}\` ${words}`, help: descriptionOf(keys) };
}

/** A key that must not be there. @param words what it is */
export function wrongKey(yaml: YamlText, keys: KeyPath, words: string): Fault {
  const where = yaml.placeOfKey(keys.slice(0, -1), String(keys.at(-1)));
  return { where, message: `${where}: \`${dotted(keys)}\` ${words}` };
}

function unknownKey(yaml: YamlText, parents: KeyPath, key: string): Fault {
  const known = knownKeys(parents);
  const nearest = nearestOf(key, known);
  const where = yaml.placeOfKey(parents, key);
  const meant = nearest === undefined ? '' : `; did you mean \`${nearest}\`?`;
  return {
    where,
    message: `${where}: unknown key \`${dotted([...parents, key])}\`${meant}`,
    help: `allowed here: ${known.join(', ')}`,
  };
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

function faultsOf(issue: z.core.$ZodIssue, yaml: YamlText): Fault[] {
  const keys = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(yaml, keys, key));
  if (keys.length === 0 && issue.code === 'invalid_type') {
    const where = yaml.placeOf(keys);
    const help =
      'write keys and values: `organization: …`, `contact: …`, `state: …`; `maillog-tlsrpt init` writes them';
    return [{ message: `${where}: this is no configuration`, where, help }];
  }
  return [wrongValue(yaml, keys, issue.message)];
}

function dotted(keys: KeyPath): string {
  return keys.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('');
}

function knownKeys(keys: KeyPath): string[] {
  const schema = schemaAt(configSchema, keys);
  return Object.keys((schema && shapeOrBranchOf(schema)) ?? {});
}

function descriptionOf(keys: KeyPath): string | undefined {
  const description = schemaAt(configSchema, keys)?.description;
  return description === undefined ? undefined : `${dotted(keys)}: ${description}`;
}
