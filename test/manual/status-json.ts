import type { z } from 'zod';
import { FINDINGS } from '../../src/status/findings.ts';
import { statusSchema } from '../../src/status/schema.ts';

type Schema = z.core.$ZodType & { readonly description?: string | undefined };

interface Row {
  readonly path: string;
  readonly type: string;
  readonly words: string;
}

/** docs/status-json.md: the contract of `status --json`, from the schema that the tests hold it to. */
export function statusJsonMarkdown(): string {
  const kinds = Object.entries(FINDINGS).flatMap(([id, of]) =>
    Object.entries(of).map(([severity, words]) => `| \`${id}\` | ${severity} | ${words} |`),
  );
  return `# What \`status --json\` prints

<!-- Made from the schema by \`npm run manual\`; changes here are lost. -->

One JSON object on one line. Times are RFC 3339 in UTC, days are UTC days. What is marked with \`?\` may be absent. Later versions
may add keys; they take none away without saying so in the changelog (**output**).

| key | type | meaning |
|---|---|---|
${rowsOf(statusSchema, '')
  .map(({ path, type, words }) => `| \`${path}\` | ${type} | ${words.replace(/\|/g, '\\|')} |`)
  .join('\n')}

## Findings

\`status --check\` exits 2 if there is a critical one, else 1 if there is a warning, else 0; 3 when the configuration or the
ledger cannot be read.

| id | severity | when |
|---|---|---|
${kinds.join('\n')}

A log that is not in \`logs\` of the configuration (an archive that was backfilled, another host's) makes no finding.
`;
}

function rowsOf(schema: Schema, parent: string): Row[] {
  const def = schema._zod.def;
  if (!('shape' in def)) return [];
  return Object.entries(def.shape as Record<string, Schema>).flatMap(([key, given]) => {
    const { inner, optional } = unwrapped(given);
    const listed = elementOf(inner);
    const list = listed !== undefined;
    const element = listed ?? inner;
    const path = `${parent}${key}${list ? '[]' : ''}${optional ? '?' : ''}`;
    const words = given.description ?? inner.description ?? '';
    const below = rowsOf(element, `${path.replace('?', '')}.`);
    return [
      { path, type: below.length > 0 ? (list ? 'objects' : 'object') : typeOf(element), words },
      ...below,
    ];
  });
}

function elementOf({ _zod: { def } }: Schema): Schema | undefined {
  return 'element' in def ? (def.element as Schema) : undefined;
}

function unwrapped(schema: Schema): { readonly inner: Schema; readonly optional: boolean } {
  const def = schema._zod.def;
  return def.type === 'optional' && 'innerType' in def
    ? { inner: def.innerType as Schema, optional: true }
    : { inner: schema, optional: false };
}

function typeOf(schema: Schema): string {
  const def = schema._zod.def as {
    readonly type: string;
    readonly format?: string;
    readonly entries?: object;
  };
  if (def.entries !== undefined)
    return Object.values(def.entries)
      .map((value) => `\`${value}\``)
      .join(', ');
  const formats: Record<string, string> = { datetime: 'time', date: 'day' };
  if (def.format !== undefined && formats[def.format] !== undefined) return formats[def.format] ?? '';
  return def.type === 'record' ? 'object of numbers' : def.type;
}
