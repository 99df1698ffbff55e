/** Which entries of which journal. */
export interface JournalSelection {
  readonly units: readonly string[];
  readonly identifiers: readonly string[];
  /** A machine's journal kept elsewhere; that of this machine when absent. */
  readonly directory?: string;
}

/** The name of a journal as a log: the same selection is the same log. */
export function journalName({ units, identifiers, directory }: JournalSelection): string {
  return `journal:${[...(directory === undefined ? [] : [directory]), ...units, ...identifiers].join(',')}`;
}

/** The arguments of journalctl(1) for a selection. */
export function journalArguments({ units, identifiers, directory }: JournalSelection): string[] {
  return [
    '--no-pager',
    ...units.map((unit) => `--unit=${unit}`),
    ...identifiers.map((identifier) => `--identifier=${identifier}`),
    ...(directory === undefined ? [] : [`--directory=${directory}`]),
  ];
}
