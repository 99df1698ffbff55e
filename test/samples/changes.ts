/** How one sample's sessions differ from the accepted ones. */
export interface Change {
  /** `postfix/a-good-session`. */
  readonly name: string;
  readonly directory: string;
  readonly isNew: boolean;
  readonly removed: readonly string[];
  readonly added: readonly string[];
  /** All records as they are read now. */
  readonly records: readonly string[];
}

/** The difference, or undefined if there is none; a record that comes twice is two. */
export function changesOf(
  name: string,
  accepted: readonly string[] | undefined,
  records: readonly string[],
): Change | undefined {
  const removed = without(accepted ?? [], records);
  const added = without(records, accepted ?? []);
  const isNew = accepted === undefined;
  if (!isNew && removed.length === 0 && added.length === 0) return undefined;
  return { name, directory: '', isNew, removed, added, records };
}

/** The lines that show a change to a person. */
export function printable({ name, isNew, removed, added, records }: Change): string[] {
  const head = isNew ? `new: ${name} (${records.length} sessions)` : `changed: ${name}`;
  return [head, ...removed.map((record) => `  - ${record}`), ...added.map((record) => `  + ${record}`)];
}

function without(records: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const record of others) left.set(record, (left.get(record) ?? 0) + 1);
  return records.filter((record) => {
    const count = left.get(record) ?? 0;
    left.set(record, count - 1);
    return count <= 0;
  });
}
