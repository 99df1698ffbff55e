import type { z } from 'zod';

/** What a value must be, in words for people who write YAML; the schema's own messages go before. */
export const configWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return `must ${bound(issue.origin, 'least', Number(issue.minimum))}`;
    case 'too_big':
      return `must ${bound(issue.origin, 'most', Number(issue.maximum))}`;
    case 'invalid_value':
      return `must be ${anyOf(issue.values.map(String))}`;
    default:
      return undefined;
  }
};

/** `a`, `a or b`, `a, b or c`. */
export function anyOf(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

const KINDS: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  string: 'text; put it in quotes where YAML takes it for something else',
  number: 'a number',
  int: 'a whole number',
  array: 'a list: [A, B], or a line `- A` for each',
  object: 'a mapping of keys and values: {KEY: VALUE}',
  record: 'a mapping of keys and values: {KEY: VALUE}',
};

function bound(origin: string, end: 'least' | 'most', count: number): string {
  if (origin === 'string') return count === 1 ? 'not be empty' : `have at ${end} ${count} characters`;
  if (origin === 'array') return `have at ${end} ${count === 1 ? 'one element' : `${count} elements`}`;
  return `be ${count} or ${end === 'least' ? 'more' : 'less'}`;
}
