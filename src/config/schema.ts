import type { z } from 'zod';

/** A part of the configuration's schema, with the sentence that says what it is for. */
export type Schema = z.core.$ZodType & { readonly description?: string | undefined };

/** The schema proper, and what stands around it: defaults, options, pre-filled values. Outermost first. */
export function layersOf(schema: Schema): Schema[] {
  const { def } = schema._zod;
  return 'innerType' in def ? [schema, ...layersOf(def.innerType as Schema)] : [schema];
}

/** The schema proper. */
function unwrapped(schema: Schema): Schema {
  return layersOf(schema).at(-1) ?? schema;
}

/** The keys of a mapping; undefined for whatever is none. */
export function shapeOf(schema: Schema): Record<string, Schema> | undefined {
  const { def } = unwrapped(schema)._zod;
  return 'shape' in def ? (def.shape as Record<string, Schema>) : undefined;
}

/** What each element of a list is; undefined for whatever is none. */
export function elementOf(schema: Schema): Schema | undefined {
  const { def } = unwrapped(schema)._zod;
  return 'element' in def ? (def.element as Schema) : undefined;
}

/** What each value of a mapping with keys of any name is; undefined for whatever is none. */
function namedValueOf(schema: Schema): Schema | undefined {
  const { def } = unwrapped(schema)._zod;
  return 'valueType' in def ? (def.valueType as Schema) : undefined;
}

/** The schema at a path of keys and indices; of a union, that of its branch which is a mapping. */
export function schemaAt(schema: Schema, path: readonly (string | number)[]): Schema | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  const inner =
    typeof key === 'number' ? elementOf(schema) : (shapeOrBranchOf(schema)?.[key] ?? namedValueOf(schema));
  return inner === undefined ? undefined : schemaAt(inner, rest);
}

/** The keys of a mapping, or of the branch of a union that is one. */
export function shapeOrBranchOf(schema: Schema): Record<string, Schema> | undefined {
  const { def } = unwrapped(schema)._zod;
  const branches = 'options' in def ? (def.options as readonly Schema[]) : [];
  return (
    shapeOf(schema) ?? branches.map((branch) => shapeOrBranchOf(branch)).find((shape) => shape !== undefined)
  );
}
