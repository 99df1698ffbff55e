import { shapeOf } from './config/schema.ts';
import { configWords } from './config/words.ts';
import { nearestOf } from './nearest.ts';
import type { CommonOptions, ParserModule } from './parser.ts';

/** An option that a parser refuses. */
export interface OptionFault {
  /** Where it stands among the options. */
  readonly path: readonly (string | number)[];
  /** What is wrong with it. */
  readonly words: string;
  /** Its name is what is wrong. */
  readonly isUnknown?: boolean;
}

/** Options that every parser is given, whether it has a use for them or not. */
const COMMON = {
  relayhosts: true,
  fallbackRelays: true,
  ownSender: true,
  sendingMtaIp: true,
  tlsLogLevel: true,
  inferPlaintext: true,
  midStream: true,
  hosts: true,
} as const satisfies Readonly<Record<keyof CommonOptions | 'hosts', true>>;

/**
 * What a parser refuses of its options: values that its schema does not take, and names that neither the schema nor
 * the common options have, for a mistyped one would be passed over in silence.
 */
export function optionFaults(module: ParserModule, options: object): OptionFault[] {
  const result = module.options.safeParse(options, { error: configWords });
  const wrong = (result.error?.issues ?? []).map((issue) => ({
    path: issue.path.map((key) => (typeof key === 'number' ? key : String(key))),
    words: issue.message,
  }));
  return [...wrong, ...unknownOptions(module, options)];
}

function unknownOptions({ name, options: schema }: ParserModule, options: object): OptionFault[] {
  const known = knownOptions(schema);
  if (known === undefined) return [];
  return Object.keys(options)
    .filter((key) => !known.includes(key) && !Object.hasOwn(COMMON, key))
    .map((key) => ({ path: [key], words: unknownWords(name, key, known), isUnknown: true }));
}

function unknownWords(parser: string, key: string, known: readonly string[]): string {
  const meant = nearestOf(key, known);
  return meant === undefined
    ? `is no option of the ${parser} parser; it has ${known.join(', ') || 'none'}`
    : `is no option of the ${parser} parser; did you mean \`${meant}\`?`;
}

/** The names in a schema that drops others; undefined where it takes any, or is none of zod's. */
function knownOptions(schema: ParserModule['options']): string[] | undefined {
  if (!('_zod' in schema)) return undefined;
  const shape = shapeOf(schema);
  return shape === undefined || takesAny(schema) ? undefined : Object.keys(shape);
}

function takesAny(schema: ParserModule['options']): boolean {
  const { def } = schema._zod;
  return 'catchall' in def && def.catchall !== undefined;
}
