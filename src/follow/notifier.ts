import { execFile } from 'node:child_process';

/** A notification may not hold up the work: systemd's own limit is far beyond, ms. */
const TIMEOUT_MS = 5000;

/**
 * Tells the service manager how things are (sd_notify(3)) through `systemd-notify`, for Node has no Unix datagrams;
 * hence `NotifyAccess=all`. Without a service manager it does nothing.
 */
export class Notifier {
  readonly #env: NodeJS.ProcessEnv;
  readonly #onTrouble: (text: string) => void;
  #troubled = false;

  /** @param onTrouble told once when the service manager cannot be told anything */
  constructor(env: NodeJS.ProcessEnv, onTrouble: (text: string) => void) {
    this.#env = env;
    this.#onTrouble = onTrouble;
  }

  /** How often the service manager wants a sign of life (WatchdogSec=), ms; undefined when it wants none. */
  get watchdog(): number | undefined {
    const { WATCHDOG_USEC: period, WATCHDOG_PID: pid } = this.#env;
    if (period === undefined || (pid !== undefined && Number(pid) !== process.pid)) return undefined;
    const ms = Number(period) / 1000;
    return ms > 0 ? ms : undefined;
  }

  /**
   * Gives signs of life, thrice in the time after which the service manager takes us for dead, for one may be late.
   * @param isAlive told how long a silence is too long, ms
   * @returns what ends it
   */
  guard(isAlive: (silence: number) => boolean = () => true): () => void {
    const { watchdog, pulse } = this;
    if (watchdog === undefined) return () => {};
    const timer = setInterval(() => {
      if (isAlive(watchdog)) void this.alive();
    }, pulse);
    return () => clearInterval(timer);
  }

  /** How often {@link guard} gives signs of life, ms; undefined when none are wanted. */
  get pulse(): number | undefined {
    const { watchdog } = this;
    return watchdog === undefined ? undefined : watchdog / 3;
  }

  ready(status: string): Promise<void> {
    return this.#tell('READY=1', `STATUS=${status}`);
  }

  reloading(): Promise<void> {
    return this.#tell('RELOADING=1', 'STATUS=reading the configuration again');
  }

  alive(): Promise<void> {
    return this.#tell('WATCHDOG=1');
  }

  stopping(): Promise<void> {
    return this.#tell('STOPPING=1');
  }

  #tell(...assignments: string[]): Promise<void> {
    if (this.#env['NOTIFY_SOCKET'] === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      execFile('systemd-notify', assignments, { env: this.#env, timeout: TIMEOUT_MS }, (error) => {
        if (error !== null && !this.#troubled) {
          this.#troubled = true;
          this.#onTrouble(`the service manager cannot be told how things are: ${error.message.trim()}`);
        }
        resolve();
      });
    });
  }
}
