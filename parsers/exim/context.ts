import type { Relayhost, Scope } from './options.ts';
import type { MessageState, SessionCore } from './state.ts';

/** The options as the reading of messages needs them. */
export interface Settings {
  readonly scope: Scope;
  readonly relayhosts: readonly Relayhost[];
  readonly sendingMtaIp: string | undefined;
  readonly inferPlaintext: boolean;
  readonly midStream: boolean;
}

/** A session that was worked out. */
export interface Told {
  readonly time: number;
  /** The policy domain. */
  readonly domain: string;
  readonly core: SessionCore;
  /** It is a guess (R12), with what speaks for it. */
  readonly guess?: { readonly asked: boolean; readonly confirmed: boolean };
}

/** One line of a message, what is open of it, and where sessions go. */
export interface Context {
  readonly state: MessageState;
  readonly time: number;
  readonly pid: number;
  readonly settings: Settings;
  /** The log has shown that TLS is not required of every host. */
  readonly tlsIsOptional: boolean;
  /** Returns false if the session is kept back. */
  tell(told: Told): boolean;
}

/** What one queue run writes of a connection comes at once, or, where pids are logged, from one process. */
const SAME_RUN_MS = 10_000;
const SAME_PROCESS_MS = 3_600_000;

/**
 * Whether the line may belong to what an earlier line of this process and time began.
 * @param goesOn it is a `->`, which only goes on with what a `=>` began, however much later it is written (R5)
 */
export function isSameRun(
  context: Context,
  earlier: { readonly pid: number; readonly last: number },
  goesOn = false,
): boolean {
  const gap = Math.abs(context.time - earlier.last);
  if (context.pid !== 0 && earlier.pid !== 0) return context.pid === earlier.pid && gap <= SAME_PROCESS_MS;
  return goesOn || gap <= SAME_RUN_MS;
}
