import type { Clock } from '../clock.ts';
import type { DnsServer } from './resolv-conf.ts';

/** Questions in a row without any answer, and how long ago the last answer was, before a server is suspected. */
const SILENT_TRIES = 20;
const SILENT_MS = 15_000;
/** How long a dead server is left alone before one more question goes to it. */
const PAUSE_MS = 30_000;

/**
 * Knows which servers have fallen silent, so that ten thousand names do not each wait for a dead one. Silence may be
 * the names' fault, so a suspect is asked something it cannot fail at before it is left alone.
 */
export interface ServerHealth {
  usable(server: DnsServer): boolean;
  note(server: DnsServer, answered: boolean): void;
}

interface State {
  silent: number;
  lastAnswer: number;
  pausedUntil: number;
  checking: boolean;
}

/** @param answers asks a server something every server has a word on; whether it answered. Never rejects. */
export function createServerHealth(
  clock: Clock,
  answers: (server: DnsServer) => Promise<boolean>,
): ServerHealth {
  const states = new Map<DnsServer, State>();
  const stateOf = (server: DnsServer): State => {
    const known = states.get(server) ?? {
      silent: 0,
      lastAnswer: clock.now(),
      pausedUntil: 0,
      checking: false,
    };
    states.set(server, known);
    return known;
  };

  async function check(server: DnsServer, state: State): Promise<void> {
    state.checking = true;
    if (await answers(server)) revive(state);
    else state.pausedUntil = clock.now() + PAUSE_MS;
    state.checking = false;
  }

  function revive(state: State): void {
    state.silent = 0;
    state.lastAnswer = clock.now();
    state.pausedUntil = 0;
  }

  return {
    usable(server) {
      return stateOf(server).pausedUntil <= clock.now();
    },
    note(server, answered) {
      const state = stateOf(server);
      if (answered) {
        revive(state);
        return;
      }
      state.silent++;
      const suspect = state.silent >= SILENT_TRIES && clock.now() - state.lastAnswer >= SILENT_MS;
      if (suspect && !state.checking) void check(server, state);
    },
  };
}
