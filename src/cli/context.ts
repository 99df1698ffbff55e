import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Clock } from '../clock.ts';
import { loadConfig } from '../config/file.ts';
import { type Config, configSchema } from '../config.ts';
import type { ExplainPlace } from '../dashboard/explain-command.ts';
import { EXIT, inOneLine, Problem } from '../errors.ts';
import { closingAfter } from '../ledger/closing.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { isUntouched, openLedger, openToLook } from '../ledger/open.ts';
import { machineId } from '../machine.ts';
import type { PipelineDeps } from '../pipeline.ts';
import type { TurnOptions } from '../reading/one-at-a-time.ts';
import type { Witness } from '../witness.ts';
import { clockOf } from './arguments.ts';
import type { GlobalArguments } from './command.ts';
import type { Printer } from './io.ts';
import { Steps } from './steps.ts';
import { printable } from './table.ts';

export const DEFAULT_CONFIG = '/etc/maillog-tlsrpt/config.yaml';

/** What a command that works on the ledger needs. */
export interface Context {
  readonly config: Config;
  /** For messages, and for paths in the config that are relative. */
  readonly configPath: string;
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** The reading host's name. */
  readonly host: string;
  readonly witness: Witness;
}

/** What a command asks for beside its context. */
export interface Demands {
  /** A report must name its sender: refuses to work without a configuration, before a ledger is made. */
  readonly sender?: boolean;
  /** It only looks: where there is no ledger yet, none is made, and that is said. */
  readonly looks?: boolean;
  /** Opens the ledger that a state names. */
  readonly open?: (state: string) => Promise<Ledger>;
}

/**
 * Reads the config, opens the ledger, does the work, closes the ledger.
 * @throws Problem (config, cannotWrite, tryAgain)
 */
export async function withContext<T>(
  globals: GlobalArguments,
  printer: Printer,
  work: (context: Context) => Promise<T>,
  { sender = false, looks = false, open = looks ? openToLook : openLedger }: Demands = {},
): Promise<T> {
  const configPath = globals.config ?? DEFAULT_CONFIG;
  const config = await configOf(globals);
  if (sender) demandSender(config, configPath);
  const { witness, end } = watch(printer);
  witness.tell?.(configText(configPath, config));
  const state = globals.state ?? config.state;
  if (looks && (await isUntouched(state))) printer.message('warning', noLedger(state));
  const ledger = await open(state);
  const inContext = async () => {
    try {
      const common = { configPath, ledger, clock: clockOf(globals), host: hostname(), witness };
      return await work({ ...common, config: await withParsers(config, common) });
    } finally {
      end();
    }
  };
  return closingAfter(ledger, inContext, (problem) => sayUnsure(problem, printer));
}

/** What was shown already cannot be taken back, and is seldom wrong. */
export function sayUnsure(problem: Problem, printer: Printer): void {
  printer.message('warning', `warning: ${inOneLine(problem)}`);
}

function noLedger(state: string): string {
  return `warning: there is no ledger in ${printable(state)} yet: \`run\` and \`backfill\` make one`;
}

/** Who watches a command's work: what is told goes to `--verbose`, steps that take long are shown. */
export function watch(printer: Printer): { readonly witness: Witness; readonly end: () => void } {
  const steps = new Steps(printer, () => performance.now());
  const noted = new Set<string>();
  return {
    witness: {
      step: (...step) => steps.step(...step),
      // A follower passes every few minutes.
      note: (text) => {
        if (!noted.has(text)) printer.message('notice', text);
        noted.add(text);
      },
      ...(printer.says('debug') && { tell: (text) => printer.message('debug', printable(text)) }),
    },
    end: () => steps.end(),
  };
}

function configText(path: string, { logs, organization }: Config): string {
  return organization === NOBODY
    ? `config: none at ${path}`
    : `config: ${path}, ${logs.length === 1 ? 'one log' : `${logs.length} logs`}`;
}

/** Parsers are loaded only where one is to be found out: a start must not wait for them. */
async function withParsers(config: Config, context: Omit<Context, 'config'>): Promise<Config> {
  if (config.logs.every(({ parser }) => parser !== 'auto')) return config;
  const { withDetectedParsers } = await import('../detect/configured.ts');
  return withDetectedParsers(config, { ...context, directory: dirname(resolve(context.configPath)) });
}

/** The config file; with --state and none at the default place, a bare one that names nobody. */
export async function configOf(globals: GlobalArguments): Promise<Config> {
  try {
    return await loadConfig(globals.config ?? DEFAULT_CONFIG);
  } catch (error) {
    const missing =
      error instanceof Problem && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
    if (!missing || globals.config !== undefined || globals.state === undefined) throw error;
    return configSchema.parse({ organization: NOBODY, contact: 'postmaster@invalid', state: globals.state });
  }
}

/** What the pipeline needs; relative paths of the config start from its directory. */
export function pipelineDeps(context: Context): PipelineDeps {
  const { ledger, clock, config, host, configPath, witness } = context;
  const machine = machineId();
  const directory = dirname(resolve(configPath));
  return { ledger, clock, config, host, witness, directory, ...(machine !== undefined && { machine }) };
}

/** Where the commands that we show are to be run: there they find this configuration. */
export function explainPlace({
  config,
  configPath,
  host,
}: Pick<Context, 'config' | 'configPath' | 'host'>): ExplainPlace {
  const path = resolve(configPath);
  return {
    logs: config.logs,
    directory: dirname(path),
    host,
    ...(path !== DEFAULT_CONFIG && config.organization !== NOBODY && { configPath: path }),
  };
}

/** How long `run` and `backfill` wait for another process that reads, ms. */
const PATIENCE_MS = 10_000;

/** How a command takes turns with others that read, and says for whom it waits. */
export function turnOf(command: string, { host, config }: Context, printer: Printer): TurnOptions {
  // Whoever reads other hosts' logs must not wait for one who reads this host's.
  const hosts = new Set(config.logs.map((log) => log.host ?? host));
  return {
    reader: { pid: process.pid, command, host: hosts.size === 0 ? host : [...hosts].sort().join(' ') },
    patience: PATIENCE_MS,
    elapsed: () => performance.now(),
    onWait: (holder) =>
      printer.message('info', `waiting for \`${holder.command}\` (process ${holder.pid}), which reads`),
  };
}

/** Stands in a ledger-only run; a report or mail of nobody is refused. */
export const NOBODY = '(no configuration)';

function demandSender({ organization }: Config, configPath: string): void {
  if (organization !== NOBODY) return;
  throw new Problem(EXIT.config, 'a report must name its sender, and there is no configuration', {
    where: configPath,
    help: 'write one with at least organization, contact and state, or name it with --config FILE',
  });
}
