import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { journalArguments } from '../logs/journal-name.ts';
import type { Ask } from '../policy/local-mta.ts';

/** Where systemd keeps its journal: across starts, or until the next. */
const PLACES = ['/var/log/journal', '/run/log/journal'] as const;

/** What of the journal is an MTA's. */
export type FoundJournal = {
  readonly units?: readonly string[];
  readonly identifiers?: readonly string[];
};

/** Whether this host keeps a journal. @param root in front of /var and /run; empty but in tests */
export async function hasJournal(root: string): Promise<boolean> {
  for (const place of PLACES) {
    const there = await access(join(root, place)).then(
      () => true,
      () => false,
    );
    if (there) return true;
  }
  return false;
}

/** Those of some units or identifiers that the journal holds entries of, as far as it may be read. */
export async function namesInJournal(
  kind: keyof FoundJournal,
  names: readonly string[],
  ask: Ask,
): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    const selection = { units: [], identifiers: [], [kind]: [name] };
    const words = ['--quiet', '--lines=1', '--output=json', ...journalArguments(selection)];
    if (((await ask('journalctl', words)) ?? '').trim() !== '') found.push(name);
  }
  return found;
}
