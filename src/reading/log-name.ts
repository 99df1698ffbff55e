import { resolve } from 'node:path';
import type { LogConfig } from '../config.ts';
import { type JournalSelection, journalName } from '../logs/journal-name.ts';

/** What of which journal a log of the config is. @param directory the one that relative paths start from */
export function selectionOf({ journal }: LogConfig, directory: string): JournalSelection {
  const { units = [], identifiers = [], directory: other } = journal ?? {};
  return { units, identifiers, ...(other !== undefined && { directory: resolve(directory, other) }) };
}

/** The name the ledger knows a log of the config by. @param directory the one that relative paths start from */
export function configuredName(log: LogConfig, directory: string): string {
  return log.path === undefined ? journalName(selectionOf(log, directory)) : resolve(directory, log.path);
}
