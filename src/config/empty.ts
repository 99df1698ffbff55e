import { elementOf, type Schema, shapeOf } from './schema.ts';

/**
 * A configuration's data without the mappings and lists of mappings of which nothing is said: `delivery:` stands for
 * itself while all below it is still a comment. Any other key without a value is left for the schema to refuse.
 */
export function withoutEmpty(value: unknown, schema: Schema): unknown {
  const element = elementOf(schema);
  if (element !== undefined && Array.isArray(value)) return value.map((each) => withoutEmpty(each, element));
  const shape = shapeOf(schema);
  if (shape === undefined || typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const innerSchema = shape[key];
    if (innerSchema === undefined) return [[key, inner]];
    return inner === null && holdsMappings(innerSchema) ? [] : [[key, withoutEmpty(inner, innerSchema)]];
  });
  return Object.fromEntries(entries);
}

function holdsMappings(schema: Schema): boolean {
  return shapeOf(elementOf(schema) ?? schema) !== undefined;
}
