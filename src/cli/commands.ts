import type { Command } from './command.ts';

/** The commands in the order of --help. Each is loaded when it is asked for: a start must not wait for all of them. */
const LOADERS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run.ts')).run,
  follow: async () => (await import('./follow.ts')).follow,
  backfill: async () => (await import('./backfill.ts')).backfill,
  report: async () => (await import('./report.ts')).report,
  send: async () => (await import('./send.ts')).send,
  sessions: async () => (await import('./sessions.ts')).sessions,
  explain: async () => (await import('./explain.ts')).explain,
  scrub: async () => (await import('./scrub.ts')).scrub,
  status: async () => (await import('./status.ts')).status,
  lookup: async () => (await import('./lookup.ts')).lookup,
  posture: async () => (await import('./posture.ts')).posture,
  metrics: async () => (await import('./metrics.ts')).metrics,
  dashboard: async () => (await import('./dashboard.ts')).dashboard,
  check: async () => (await import('./check.ts')).check,
  init: async () => (await import('./init.ts')).init,
  ledger: async () => (await import('./ledger.ts')).ledger,
  tally: async () => (await import('./tally.ts')).tally,
};

/** The names of all commands. */
export const COMMAND_NAMES: readonly string[] = Object.keys(LOADERS);

/** Every command there is. */
export function allCommands(): Promise<Command[]> {
  return Promise.all(Object.values(LOADERS).map((load) => load()));
}

/** The commands whose names stand among the words; all of them where none does, for --help and for mistakes. */
export async function commandsFor(words: readonly string[]): Promise<Command[]> {
  const named = COMMAND_NAMES.filter((name) => words.includes(name));
  if (named.length === 0) return allCommands();
  return Promise.all(named.flatMap((name) => LOADERS[name]?.() ?? []));
}
