import { configSchema } from '../config.ts';
import { elementOf, layersOf, type Schema, shapeOf } from './schema.ts';

/** One key of the configuration as people read of it; the schema is the only source. */
export interface ConfigKey {
  readonly name: string;
  /** One sentence; empty for a mapping that only holds others. */
  readonly words: string;
  /** The default in YAML flow style; absent where there is none. */
  readonly fallback?: string;
  readonly required: boolean;
  /** The keys of a mapping, or of each element of a list of mappings. */
  readonly keys: readonly ConfigKey[];
  /** A list of mappings. */
  readonly list: boolean;
}

/** Every key of the configuration, in the order of the schema. */
export function configKeys(): ConfigKey[] {
  return keysOf(configSchema);
}

function keysOf(schema: Schema): ConfigKey[] {
  const shape = shapeOf(schema);
  return shape === undefined ? [] : Object.entries(shape).map(([name, inner]) => describeKey(name, inner));
}

function describeKey(name: string, schema: Schema): ConfigKey {
  const words = descriptionOf(schema);
  const value = defaultOf(schema);
  const element = elementOf(schema);
  const keys = keysOf(element ?? schema);
  const list = element !== undefined && keys.length > 0;
  // Of a mapping each key has a default of its own.
  const fallback = value === undefined || keys.length > 0 ? undefined : yamlOf(value, isDuration(schema));
  return {
    name,
    words,
    required: value === undefined && !isOptional(schema) && keys.length === 0,
    keys,
    list,
    ...(fallback !== undefined && { fallback }),
  };
}

function descriptionOf(schema: Schema): string {
  const words = layersOf(schema).flatMap(({ description }) => description ?? []);
  return words.find((each) => !isDurationWords(each)) ?? '';
}

function defaultOf(schema: Schema): unknown {
  for (const { _zod } of layersOf(schema)) if ('defaultValue' in _zod.def) return _zod.def.defaultValue;
  return undefined;
}

function isOptional(schema: Schema): boolean {
  return schema._zod.optin === 'optional';
}

function isDuration(schema: Schema): boolean {
  return layersOf(schema).some(
    ({ description }) => description !== undefined && isDurationWords(description),
  );
}

/** Lengths of time carry these words in the schema (src/config.ts). */
function isDurationWords(description: string): boolean {
  return description.startsWith('a length of time');
}

function yamlOf(value: unknown, duration: boolean): string {
  if (duration && typeof value === 'number') return durationNotation(value);
  if (typeof value === 'string' && /^[A-Za-z][\w./:-]*$/.test(value) && !/:$|: /.test(value)) return value;
  return JSON.stringify(value);
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** 14400000 → `4h`; hours are said up to two days, as people do. */
function durationNotation(ms: number): string {
  for (const [unit, size] of UNITS) {
    if (ms % size === 0 && (unit !== 'd' || ms > 2 * size)) return `${ms / size}${unit}`;
  }
  return `${ms / 1000}s`;
}
