import type { Argv } from 'yargs';
import { z } from 'zod';
import { EXIT, type ExitCode } from '../errors.ts';
import { LEVELS, type Level, REASONS, type Reason } from '../posture/judge.ts';
import { type DomainPosture, posture as postureOf } from '../posture/posture.ts';
import { readSeen } from '../posture/read.ts';
import { checked, domainArgument } from './arguments.ts';
import type { Command } from './command.ts';
import { type Context, withContext } from './context.ts';
import type { Printer } from './io.ts';
import { table, wrapped } from './table.ts';

const postureArguments = z.object({
  level: z.enum(LEVELS, `must be one of ${LEVELS.join(', ')}`).default('encrypt'),
  since: z.iso.date('must be a day such as 2026-11-22').optional(),
  domain: domainArgument.optional(),
  unproven: z.boolean().default(false),
});
type PostureArguments = z.infer<typeof postureArguments>;

const SETTINGS: Record<Level, string> = {
  encrypt: 'smtp_tls_security_level = encrypt (Exim: hosts_require_tls = *)',
  dane: 'smtp_tls_security_level = dane (Exim: hosts_try_dane = *)',
  verify: 'smtp_tls_security_level = verify (Exim: tls_verify_hosts = *)',
};

export const posture: Command = {
  name: 'posture',
  usage: 'posture',
  summary: 'who would break if the MTA demanded more: encrypt, dane or verify',
  details: `Lists the domains whose mail would fail at a level, judged by the sessions in the ledger: how many, since when, why.
What the log does not prove is never guessed: such sessions count as unproven (--unproven lists them too).

Examples:
  maillog-tlsrpt posture --level encrypt
  maillog-tlsrpt posture --level verify --since 2026-11-01 --unproven
  maillog-tlsrpt posture --level dane --json`,
  options: (yargs: Argv) =>
    yargs
      .option('level', {
        type: 'string',
        requiresArg: true,
        choices: LEVELS,
        describe: 'the level to try out',
        defaultDescription: 'encrypt',
      })
      .option('since', { type: 'string', requiresArg: true, describe: 'look at this UTC day and later ones' })
      .option('domain', { type: 'string', requiresArg: true, describe: 'look at this domain only' })
      .option('unproven', {
        type: 'boolean',
        default: false,
        describe: 'list domains too of which the log proves nothing',
      }),
  run(values, globals, printer): Promise<ExitCode> {
    const chosen = checked(postureArguments, values);
    const work = async ({ ledger, witness }: Context) => {
      const filter = {
        ...(chosen.since !== undefined && { since: chosen.since }),
        ...(chosen.domain !== undefined && { domain: chosen.domain }),
      };
      const seen = await readSeen(ledger, filter, witness);
      const domains = postureOf(chosen.level, seen.sums, seen.snapshots, seen.trusting);
      const listed = domains.filter((each) => each.fails > 0 || (chosen.unproven && each.unproven > 0));
      if (globals.json) for (const each of listed) printer.json({ level: chosen.level, ...each });
      else show(domains, listed, chosen, printer);
      return EXIT.ok;
    };
    return withContext(globals, printer, work, { looks: true });
  },
};

function show(
  domains: readonly DomainPosture[],
  listed: readonly DomainPosture[],
  chosen: PostureArguments,
  printer: Printer,
): void {
  if (domains.length === 0) {
    printer.message('notice', 'the ledger holds no such sessions: `backfill` or `run` reads logs into it');
    return;
  }
  const rows = listed.map((each) => [
    each.domain,
    each.sessions,
    each.fails,
    each.unproven,
    fate(each),
    each.lastFailed ?? '-',
    why(each),
    each.hosts.slice(0, 2).join(' ') + (each.hosts.length > 2 ? ' …' : ''),
  ]);
  const head = ['domain', 'sessions', 'would fail', 'unproven', 'fate', 'last', 'why', 'MX hosts'];
  if (rows.length > 0) {
    const fit = { width: printer.width, cut: [0, 7, 6, 4] };
    for (const line of table(head, rows, fit)) printer.line(line);
    printer.line();
    for (const reason of reasonsOf(listed)) sentence(`${reason}: ${REASONS[reason]}`, printer);
    printer.line();
  }
  const broken = domains.filter((each) => each.fails > 0).length;
  const unsure = domains.filter((each) => each.fails === 0 && each.unproven > 0).length;
  sentence(
    `${broken} of ${domains.length} domains would break with ${SETTINGS[chosen.level]}; of ${unsure} more the log proves nothing.`,
    printer,
  );
}

function sentence(text: string, printer: Printer): void {
  for (const line of wrapped(text, printer.width, '')) printer.line(line);
}

/** Whether mail would still get through, to another host or at another time. */
function fate({ fails, sessions, lastPassed, lastFailed }: DomainPosture): string {
  if (fails === 0) return '-';
  if (fails === sessions) return 'all mail';
  return (lastPassed ?? '') > (lastFailed ?? '') ? 'mended since' : 'part of it';
}

function why({ failing, unknown, fails }: DomainPosture): string {
  return Object.keys(fails > 0 ? failing : unknown).join(', ');
}

function reasonsOf(domains: readonly DomainPosture[]): Reason[] {
  const named = new Set(domains.flatMap((each) => Object.keys(each.fails > 0 ? each.failing : each.unknown)));
  return (Object.keys(REASONS) as Reason[]).filter((reason) => named.has(reason));
}
