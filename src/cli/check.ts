import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { styleText } from 'node:util';
import type { Argv } from 'yargs';
import { serviceAccess } from '../check/access.ts';
import { examine } from '../check/doctor.ts';
import { type Finding, fail, type Severity, worstOf } from '../check/finding.ts';
import { loadConfig } from '../config/file.ts';
import type { Config } from '../config.ts';
import { withDetectedParsers } from '../detect/configured.ts';
import { type ExitCode, MONITOR, Problem } from '../errors.ts';
import { closingAfter } from '../ledger/closing.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openToLook } from '../ledger/open.ts';
import { type Ask, askLocalMta } from '../policy/local-mta.ts';
import { configuredResolver } from '../policy/network.ts';
import { dnsServers } from '../policy/resolv-conf.ts';
import type { Witness } from '../witness.ts';
import { clockOf } from './arguments.ts';
import type { Command, GlobalArguments } from './command.ts';
import { DEFAULT_CONFIG, sayUnsure, watch } from './context.ts';
import type { Printer } from './io.ts';
import { printable, wrapped } from './table.ts';
import { toldAsk } from './told-ask.ts';

const CODES: Record<Severity, ExitCode> = {
  ok: MONITOR.ok,
  warn: MONITOR.warning,
  fail: MONITOR.critical,
};
/** As wide as the word and what stands behind it. */
const INDENT = '      ';
const STYLES: Record<Severity, Parameters<typeof styleText>[0]> = {
  ok: 'green',
  warn: 'yellow',
  fail: 'red',
};

export const check: Command = {
  name: 'check',
  usage: 'check',
  summary: 'look whether everything is in order, and say what to do where it is not',
  details: `One line a finding: ok, warn or fail, and below it what to do. Looks at the logs, the MTA's settings, the ledger, the resolver,
the DKIM key and its DNS record, SPF and DMARC of the sender, the way mail leaves, the clock, and what runs the program.
Asked by root, it looks with the rights of the user maillog-tlsrpt. Nothing is changed, nothing is sent.
Exit code: 0 all is well, 1 something is lost or will be, 2 reports will not be made, not be true, or not arrive.

Examples:
  maillog-tlsrpt check
  maillog-tlsrpt check --json | jq 'select(.severity != "ok")'`,
  options: (yargs: Argv) => yargs,
  async run(_values, globals, printer): Promise<ExitCode> {
    const configPath = globals.config ?? DEFAULT_CONFIG;
    const { witness, end } = watch(printer);
    printer.live('looking at logs, MTA, resolver, keys, the way out …');
    const unsure = (problem: Problem) => sayUnsure(problem, printer);
    const findings = await findAll(globals, configPath, { ask: toldAsk(printer), witness, unsure });
    end();
    for (const finding of findings) {
      if (globals.json) printer.json(finding);
      else if (finding.severity !== 'ok' || !globals.quiet) printFinding(finding, printer);
    }
    return CODES[worstOf(findings)];
  },
};

interface FindingDeps {
  readonly ask: Ask;
  readonly witness: Witness;
  /** Is told when the ledger was written while it was looked at. */
  readonly unsure: (problem: Problem) => void;
}

/** A configuration that cannot be read is the only finding: all else depends on it. */
async function findAll(
  globals: GlobalArguments,
  configPath: string,
  { ask, witness, unsure }: FindingDeps,
): Promise<Finding[]> {
  let config: Config;
  try {
    config = await loadConfig(configPath);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const text = error.message.includes(configPath) ? error.message : `${configPath}: ${error.message}`;
    return [fail('config', text, error.help ?? 'see docs/configuration.md')];
  }
  const clock = clockOf(globals);
  const ledger = await ledgerOf(globals.state ?? config.state);
  const findings = async () => {
    const place = { directory: dirname(resolve(configPath)), clock, host: hostname() };
    const detected = await withDetectedParsers(config, {
      ...place,
      ledger: ledger instanceof Error ? undefined : ledger,
    });
    return examine({
      ...place,
      config: { ...detected, state: globals.state ?? config.state },
      configPath,
      resolver: await configuredResolver(config.dns, clock, witness),
      servers: await dnsServers(config.dns.servers),
      local: await askLocalMta(ask),
      ask,
      access: await serviceAccess(ask, ''),
      ledger,
      root: '',
    });
  };
  return ledger instanceof Error ? findings() : closingAfter(ledger, findings, unsure);
}

async function ledgerOf(state: string): Promise<Ledger | Error> {
  try {
    return await openToLook(state);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

/** One finding as people read it: a word in its colour, what it is, and below what to do. */
export function printFinding({ severity, text, help }: Finding, printer: Printer): void {
  const word = severity.padEnd(4);
  const styled = printer.colours ? styleText(STYLES[severity], word, { validateStream: false }) : word;
  const lines = text.split('\n').flatMap((line) => wrapped(printable(line), printer.width, INDENT));
  for (const [i, line] of lines.entries()) printer.line(i === 0 ? line.replace(INDENT, `${styled}  `) : line);
  // In one line, however long: it may be a command to copy.
  if (help !== undefined) printer.line(`${INDENT}→ ${printable(help)}`);
}
