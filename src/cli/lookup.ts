import type { Argv } from 'yargs';
import { z } from 'zod';
import { systemClock } from '../clock.ts';
import { DNS_SERVER_FORM, readDnsServer } from '../config/addresses.ts';
import { loadConfig } from '../config/file.ts';
import { configSchema } from '../config.ts';
import { toDomain } from '../domain.ts';
import { EXIT, type ExitCode, Problem } from '../errors.ts';
import { policyFetcher } from '../policy/attribute-tallies.ts';
import { type Finding, type LookupResult, lookupDomain } from '../policy/lookup.ts';
import { configuredResolver } from '../policy/network.ts';
import { timelineLine } from '../policy/timeline.ts';
import { checked, repeatable } from './arguments.ts';
import type { Command, GlobalArguments } from './command.ts';
import { DEFAULT_CONFIG, watch } from './context.ts';
import type { Printer } from './io.ts';
import { printable, table, wrapped } from './table.ts';

const lookupArguments = z.object({
  domains: z.array(z.string()).min(1),
  server: repeatable,
  record: z.boolean().default(false),
});

const INDENT = '         ';

/** Nothing is remembered between look-ups: the point is what is found now. */
const FORGETFUL = { cached: async () => undefined, cache: async () => {} };

export const lookup: Command = {
  name: 'lookup',
  usage: 'lookup <domains..>',
  summary: 'what a domain demands and asks for: MX, DANE, MTA-STS and its TLSRPT record, with verdicts',
  details: `Looks everything up as it is now; neither a configuration nor the ledger is needed.
DANE counts only where the resolver validates DNSSEC: this host's own, one named by --server, or one in dns.servers.
Exit code: 0 found something, 69 the domain publishes none of it, 75 something could not be looked up; try again.

Examples:
  maillog-tlsrpt lookup example.com
  maillog-tlsrpt lookup example.com --server 127.0.0.1:5353 --json
  maillog-tlsrpt lookup --record example.com example.net >> policies.jsonl
  maillog-tlsrpt backfill archive/*.gz --policies policies.jsonl`,
  options: (yargs: Argv) =>
    yargs
      .positional('domains', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'domains to look up',
      })
      .option('server', {
        type: 'string',
        requiresArg: true,
        describe: 'DNS server to ask, with or without a port (repeatable)',
        defaultDescription: 'dns.servers, else /etc/resolv.conf',
      })
      .option('record', {
        type: 'boolean',
        default: false,
        describe: 'print one line a domain for a timeline of policies',
      }),
  async run(values, globals, printer): Promise<ExitCode> {
    const chosen = checked(lookupArguments, values);
    const domains = chosen.domains.map(asDomain);
    demandServers(chosen.server);
    const dns = await dnsSettings(globals, chosen.server);
    const { witness, end } = watch(printer);
    const resolver = await configuredResolver(dns, systemClock, witness);
    const deps = {
      resolver,
      clock: systemClock,
      ledger: FORGETFUL,
      fetchPolicy: policyFetcher({ resolver, witness }),
    };
    let done = 0;
    const lookUp = async (domain: string) => {
      const result = await lookupDomain(deps, domain);
      done++;
      witness.step?.('look-ups', done, domains.length);
      return result;
    };
    const results = await Promise.all(domains.map(lookUp));
    end();
    for (const result of results) print(result, chosen.record, globals, printer);
    return exitCode(results);
  },
};

function asDomain(text: string): string {
  const domain = toDomain(text);
  if (domain === undefined) throw new Problem(EXIT.usage, `${JSON.stringify(text)} is no domain name`);
  return domain;
}

function demandServers(servers: readonly string[]): void {
  const wrong = servers.find((text) => readDnsServer(text) === undefined);
  if (wrong === undefined) return;
  throw new Problem(EXIT.usage, `--server ${JSON.stringify(wrong)} is no DNS server`, {
    help: `allowed: ${DNS_SERVER_FORM}`,
  });
}

/** A config at the default place helps, but need not be there. */
async function dnsSettings(globals: GlobalArguments, servers: readonly string[]) {
  const bare = () => configSchema.shape.dns.parse({});
  const configured = async () => {
    try {
      return (await loadConfig(globals.config ?? DEFAULT_CONFIG)).dns;
    } catch (error) {
      if (globals.config !== undefined) throw error;
      return bare();
    }
  };
  return servers.length > 0 ? { ...bare(), servers: [...servers] } : configured();
}

function print(result: LookupResult, record: boolean, globals: GlobalArguments, printer: Printer): void {
  if (record) {
    if (result.snapshot !== undefined) printer.line(timelineLine(systemClock.now(), result.snapshot));
    else for (const { reason } of faults(result)) printer.message('warning', `${result.domain}: ${reason}`);
  } else if (globals.json) printer.json(result);
  else show(result, printer);
}

function show(result: LookupResult, printer: Printer): void {
  printer.line(printer.bold(result.domain));
  const rows = result.findings.map(({ what, verdict, name, reason }) => [what, verdict, name, reason]);
  const [head, ...lines] = table(['', 'verdict', 'name', 'why'], rows, { width: printer.width, cut: [2, 3] });
  const below = (text: string) => {
    for (const line of wrapped(printable(text), printer.width, INDENT)) printer.line(line);
  };
  printer.line(head);
  for (const [index, line] of lines.entries()) {
    printer.line(line);
    const found = result.findings[index];
    if (found === undefined) continue;
    // What was cut is said in full.
    if (line.includes('…')) below(`${found.name}: ${found.reason}`);
    for (const value of found.values) below(value);
    for (const warning of found.warnings) below(`warning: ${warning}`);
  }
  printer.line();
}

function faults(result: LookupResult): readonly Finding[] {
  return result.findings.filter(({ verdict }) => verdict === 'temporary');
}

function exitCode(results: readonly LookupResult[]): ExitCode {
  if (results.some(({ outcome }) => outcome === 'temporary')) return EXIT.tryAgain;
  return results.some(({ outcome }) => outcome === 'found') ? EXIT.ok : EXIT.unavailable;
}
