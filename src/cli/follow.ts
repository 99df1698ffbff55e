import { setTimeout as wait } from 'node:timers/promises';
import type { Argv } from 'yargs';
import { clockFrom } from '../clock.ts';
import { loadConfig } from '../config/file.ts';
import { withDetectedParsers } from '../detect/configured.ts';
import { EXIT, type ExitCode, Problem } from '../errors.ts';
import { Bell } from '../follow/bell.ts';
import { type Emitted, Emitter } from '../follow/emitter.ts';
import { Follower } from '../follow/follower.ts';
import { Notifier } from '../follow/notifier.ts';
import { openPatiently } from '../follow/open-patiently.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openLedger } from '../ledger/open.ts';
import { afterPass } from './after-pass.ts';
import { checked, clockOf, selectionArguments } from './arguments.ts';
import type { Command, GlobalArguments } from './command.ts';
import { type Context, pipelineDeps, turnOf, withContext } from './context.ts';
import { FollowVoice } from './follow-voice.ts';
import type { Printer } from './io.ts';
import { Once } from './once.ts';

/** What is being sent when we are asked to end may be finished for so long, ms: systemd is told within a second. */
const LAST_WORDS_MS = 500;

export const follow: Command = {
  name: 'follow',
  usage: 'follow',
  summary: 'read the logs as they grow, close days and send, without end: `run` that stays',
  details: `Lines are in the ledger within two seconds. SIGHUP reads the configuration again (a bad one changes nothing),
SIGTERM ends it: what was read is committed. Under systemd it tells when it is ready and that it is alive.
Use this or the timer's \`run\`; both together do no harm.

Examples:
  maillog-tlsrpt follow
  maillog-tlsrpt follow --offline      # read the logs only; ask and send nothing`,
  withoutJson: true,
  options: (yargs: Argv) =>
    yargs.option('offline', {
      type: 'boolean',
      default: false,
      describe: 'read the logs only: no look-ups, nothing is closed or sent',
    }),
  run(values, globals, printer): Promise<ExitCode> {
    const { offline } = checked(selectionArguments, values);
    const work = async (context: Context) => {
      if (context.config.logs.length === 0)
        throw new Problem(EXIT.config, 'the configuration names no log to follow', {
          where: context.configPath,
          help: 'logs: [{path: /var/log/mail.log}]',
        });
      const clock = globals.now === undefined ? context.clock : clockFrom(context.clock.now());
      await new Following({ ...context, clock }, globals, printer, offline).run();
      return EXIT.ok;
    };
    const open = (state: string) => opened(state, globals, printer);
    return withContext(globals, printer, work, { sender: !offline, open });
  },
};

/** The ledger; while it is away the service counts as started, for all it does is to wait. */
async function opened(state: string, globals: GlobalArguments, printer: Printer): Promise<Ledger> {
  const said = new Once();
  const notifier = new Notifier(printer.io.env, (text) => printer.message('warning', `warning: ${text}`));
  // There is nothing to read again yet, and a reload must not end us.
  const ignored = () => undefined;
  process.on('SIGHUP', ignored);
  const unguard = notifier.guard();
  try {
    return await openPatiently(
      () => openLedger(state),
      async (problem) => {
        if (said.isNew(problem.message, clockOf(globals).now())) printer.problem(problem);
        await notifier.ready('waiting for the ledger');
      },
    );
  } finally {
    unguard();
    process.off('SIGHUP', ignored);
  }
}

/** One life of the command: what it is told by signals, and what it tells. */
class Following {
  readonly #context: Context;
  readonly #globals: GlobalArguments;
  readonly #voice: FollowVoice;
  readonly #env: NodeJS.ProcessEnv;
  readonly #notifier: Notifier;
  readonly #emitter: Emitter;
  readonly #follower: Follower;
  readonly #stop = new AbortController();
  #progressAt = performance.now();
  #bug: unknown;

  constructor(context: Context, globals: GlobalArguments, printer: Printer, offline: boolean) {
    this.#context = context;
    this.#globals = globals;
    this.#voice = new FollowVoice(printer, context.clock);
    this.#env = printer.io.env;
    this.#notifier = new Notifier(printer.io.env, (text) => this.#voice.warning(text));
    const deps = {
      ...pipelineDeps(context),
      onTrouble: (problem: Problem) => this.#voice.trouble(problem),
    };
    const onProgress = () => {
      this.#progressAt = performance.now();
    };
    const bell = new Bell(onProgress, this.#notifier.pulse);
    this.#emitter = new Emitter(
      {
        ...deps,
        onEmitted: (emitted) => this.#emitted(emitted),
        onOutcome: (outcome) => this.#voice.outcome(outcome),
        onSettled: () => bell.ring(),
        onBug: (error) => this.#end(error),
      },
      offline,
    );
    this.#follower = new Follower(
      {
        ...deps,
        waiter: turnOf('follow', context, printer),
        prepare: (config) => withDetectedParsers(config, deps),
        onRead: (summary) => this.#voice.read(summary),
        onProgress,
        onUnwatched: (name, error) => this.#voice.unwatched(name, error),
        bell,
        emitter: this.#emitter,
      },
      context.config,
      this.#stop.signal,
    );
  }

  async run(): Promise<void> {
    const end = () => this.#end();
    const reload = () => this.#follower.between(() => this.#reload());
    process.once('SIGTERM', end).once('SIGINT', end).on('SIGHUP', reload);
    const unguard = this.#notifier.guard((silence) => performance.now() - this.#progressAt < silence);
    try {
      await this.#follower.begin();
      await this.#notifier.ready(this.#status());
      await this.#follower.follow();
    } finally {
      unguard();
      process.off('SIGTERM', end).off('SIGINT', end).off('SIGHUP', reload);
    }
    await Promise.race([this.#emitter.settled(), wait(LAST_WORDS_MS)]);
    if (this.#bug !== undefined) throw this.#bug;
    // A receiver that keeps its connection open must not keep us here.
    setTimeout(() => process.exit(EXIT.ok), LAST_WORDS_MS / 2).unref();
  }

  /** @param bug what makes it end, if it is not meant to */
  #end(bug?: unknown): void {
    this.#bug ??= bug;
    this.#stop.abort();
    void this.#notifier.stopping();
  }

  async #reload(): Promise<void> {
    await this.#notifier.reloading();
    try {
      const config = await loadConfig(this.#context.configPath);
      await this.#follower.adopt(config);
      this.#voice.reloaded(this.#globals.state === undefined && config.state !== this.#context.config.state);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#voice.badConfig(error);
    }
    await this.#notifier.ready(this.#status());
  }

  #status(): string {
    const { logs } = this.#follower.config;
    return logs.length === 1 ? 'following one log' : `following ${logs.length} logs`;
  }

  async #emitted({ done, ...passed }: Emitted): Promise<void> {
    this.#voice.emitted(done);
    await afterPass(this.#context, {
      ...passed,
      env: this.#env,
      onAlertFault: (problem) => this.#voice.trouble(problem),
    });
  }
}
