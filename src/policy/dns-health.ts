import type { Clock } from '../clock.ts';
import type { DnsServer } from './resolv-conf.ts';

/** Questions in a row without any answer, and how long ago the last answer was, before a server counts as dead. */
const SILENT_TRIES = 20;
const SILENT_MS = 15_000;
/** How long a dead server is left alone before one more question goes to it. */
const PAUSE_MS = 30_000;

/** Knows which servers have fallen silent, so that ten thousand names do not each wait for a dead one. */
export interface ServerHealth {
  usable(server: DnsServer): boolean;
  note(server: DnsServer, answered: boolean): void;
}

interface State {
  silent: number;
  lastAnswer: number;
  pausedUntil: number;
}

export function createServerHealth(clock: Clock): ServerHealth {
  const states = new Map<DnsServer, State>();
  const stateOf = (server: DnsServer): State => {
    const known = states.get(server) ?? { silent: 0, lastAnswer: clock.now(), pausedUntil: 0 };
    states.set(server, known);
    return known;
  };
  return {
    usable(server) {
      return stateOf(server).pausedUntil <= clock.now();
    },
    note(server, answered) {
      const state = stateOf(server);
      if (answered) {
        state.silent = 0;
        state.lastAnswer = clock.now();
        state.pausedUntil = 0;
        return;
      }
      state.silent++;
      if (state.silent >= SILENT_TRIES && clock.now() - state.lastAnswer >= SILENT_MS) {
        state.pausedUntil = clock.now() + PAUSE_MS;
      }
    },
  };
}
