import type { Clock } from '../clock.ts';
import type { Outcome } from '../delivery/outbox.ts';
import { type Problem, systemReason } from '../errors.ts';
import type { PassSummary } from '../pipeline.ts';
import type { ReadSummary } from '../reading.ts';
import type { Printer } from './io.ts';
import { Once } from './once.ts';
import { counted } from './quantities.ts';
import { sayClosed, sayFaults, sayLookedUp, sayOutcome, saySent } from './say.ts';

/** What `follow` says: what goes on being so, but once a day. */
export class FollowVoice {
  readonly #printer: Printer;
  readonly #clock: Clock;
  readonly #once = new Once();
  #begun = false;

  constructor(printer: Printer, clock: Clock) {
    this.#printer = printer;
    this.#clock = clock;
  }

  read(summary: ReadSummary): void {
    const faults = summary.faults.filter(({ path, problem }) => this.#isNew(`${path} ${problem.message}`));
    sayFaults({ ...summary, faults }, this.#printer);
    if (this.#begun || summary.files === 0) return;
    this.#begun = true;
    const { files, lines, sessions } = summary;
    this.#printer.message(
      'info',
      `read ${counted(files, 'file')}, ${counted(lines, 'new line')}, ${counted(sessions, 'session')}; following`,
    );
  }

  emitted({ lookedUp, closed, sent }: Omit<PassSummary, 'read'>): void {
    if (lookedUp !== undefined) {
      const { temporary, left, ...others } = lookedUp;
      const tell = (count: number, what: string) => (count > 0 && this.#isNew(what) ? count : 0);
      const told = { temporary: tell(temporary, 'not looked up'), left: tell(left, 'not tried') };
      sayLookedUp({ ...others, ...told }, this.#printer);
    }
    if (closed !== undefined) {
      const held = new Map([...closed.held].filter(([day, reason]) => this.#isNew(`${day} ${reason}`)));
      sayClosed({ ...closed, held }, this.#printer);
    }
    if (sent !== undefined && Object.values(sent).some((count) => count > 0)) saySent(sent, this.#printer);
  }

  outcome(outcome: Outcome): void {
    sayOutcome(outcome, this.#printer);
  }

  trouble(problem: Problem): void {
    if (this.#isNew(`${problem.where} ${problem.message}`)) this.#printer.problem(problem);
  }

  warning(text: string): void {
    if (this.#isNew(text)) this.#printer.message('warning', `warning: ${text}`);
  }

  unwatched(name: string, error: unknown): void {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const help =
      code === 'ENOSPC' || code === 'EMFILE'
        ? '; raise fs.inotify.max_user_watches or max_user_instances to be told at once'
        : '';
    this.warning(
      `${name} cannot be watched (${systemReason(error)}): it is looked at every second instead${help}`,
    );
  }

  /** @param otherState the new config names another ledger */
  reloaded(otherState: boolean): void {
    this.#once.forget();
    this.#printer.message('notice', 'the configuration was read again and is in force');
    if (otherState) this.warning('`state` was changed: that counts from the next start on');
  }

  badConfig(problem: Problem): void {
    this.#printer.problem(problem);
    this.#printer.message('warning', 'warning: the former configuration stays in force');
  }

  #isNew(text: string): boolean {
    return this.#once.isNew(text, this.#clock.now());
  }
}
