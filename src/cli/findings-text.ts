import type { Finding } from '../status/schema.ts';

/** So many of one kind are told one by one; a fleet in trouble has one of each log. */
const EACH = 2;

/** Findings for people and a monitor's line: of many of one kind the first, and how many more there are. */
export function folded(findings: readonly Finding[]): Finding[] {
  const groups = new Map<string, { readonly first: Finding; readonly all: Finding[] }>();
  for (const finding of findings) {
    const kind = `${finding.severity} ${finding.id}`;
    const known = groups.get(kind);
    if (known === undefined) groups.set(kind, { first: finding, all: [finding] });
    else known.all.push(finding);
  }
  return [...groups.values()].flatMap(({ first, all }) =>
    all.length <= EACH
      ? all
      : [{ ...first, text: `${first.text} (and ${all.length - 1} more such findings)` }],
  );
}
