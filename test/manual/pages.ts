import type { ConfigKey } from '../../src/config/keys.ts';
import { EXIT } from '../../src/errors.ts';
import { type CommandDoc, globalOptions, type OptionDoc } from './describe.ts';
import { bold, head, italic, item, prose, roff, section } from './roff.ts';

/** What each exit code means; every code of the program must stand here. */
const EXIT_WORDS: Record<keyof typeof EXIT, string> = {
  ok: 'done',
  usage: 'the command line is wrong',
  data: 'log data cannot be read, or is refused',
  unavailable: 'a service or a program that is needed is not there',
  software: 'a bug: please report it',
  cannotWrite: 'the ledger or a file cannot be written',
  tryAgain: 'try again: deliveries or look-ups are pending, or the ledger is in use',
  config: 'the configuration is wrong, or something it names',
};

function common({ withoutJson }: CommandDoc): string {
  const whose = withoutJson
    ? 'It takes the common options of maillog-tlsrpt(1), but for --json.'
    : 'It takes the common options of maillog-tlsrpt(1).';
  return [whose, 'Data goes to standard output, messages go to standard error.'].join('\n');
}

/** maillog-tlsrpt-COMMAND(1). */
export function commandPage(command: CommandDoc, version: string): string {
  const name = `maillog-tlsrpt-${command.name}`;
  const [description = '', examples] = command.details.split(/\n+Examples:\n/);
  return page([
    ...head(name, 1, command.summary, version),
    ...section('SYNOPSIS', [synopsis(command)]),
    ...section('DESCRIPTION', prose(description)),
    ...section('ARGUMENTS', command.positionals.flatMap(optionItem)),
    ...section('OPTIONS', [...command.options.flatMap(optionItem), '.PP', ...prose(common(command))]),
    ...section('EXAMPLES', examples === undefined ? [] : prose(examples)),
    ...section('EXIT STATUS', exitItems()),
    ...section('SEE ALSO', ['.BR maillog\\-tlsrpt (1),', '.BR maillog\\-tlsrpt.yaml (5)']),
  ]);
}

function synopsis({ usage, options }: CommandDoc): string {
  const words = usage.replace(/<(\w+)\.\.>/g, '$1 …').replace(/\[(\w+)\.\.\]/g, '[$1 …]');
  return `${bold(`maillog-tlsrpt ${words.split(' ')[0]}`)} ${roff(words.split(' ').slice(1).join(' '))} ${options.length > 0 ? `[${italic('options')}]` : ''}`.trim();
}

function optionItem({ name, words, value, choices, fallback }: OptionDoc): string[] {
  const term = value === undefined || !name.startsWith('--') ? bold(name) : `${bold(name)} ${italic(value)}`;
  const among = choices.length > 0 && !name.startsWith('--') ? `one of: ${choices.join(', ')}` : '';
  const text = [words, among, fallback === undefined ? '' : `default: ${fallback}`].filter(
    (part) => part !== '',
  );
  return item(term, text.join('\n'));
}

function exitItems(): string[] {
  const names = Object.keys(EXIT) as (keyof typeof EXIT)[];
  return names.flatMap((name) => item(bold(String(EXIT[name])), EXIT_WORDS[name]));
}

/** maillog-tlsrpt(1). */
export function overviewPage(commands: readonly CommandDoc[], version: string): string {
  return page([
    ...head(
      'maillog-tlsrpt',
      1,
      'send SMTP TLS reports (RFC 8460) from the mail logs of Postfix or Exim',
      version,
    ),
    ...section('SYNOPSIS', [`${bold('maillog-tlsrpt')} ${italic('command')} [${italic('options')}]`]),
    ...section(
      'DESCRIPTION',
      prose(`Reads the logs of any Postfix or Exim, works out the TLS outcome of every outbound SMTP session, and sends the daily
SMTP TLS reports of RFC 8460 to the domains that ask for them by a record at _smtp._tls. No patched mail server, no
daemon in the way of the mail, no database server.

What is read is kept in a ledger: reading twice counts once, whatever dies when. A day is closed when it is over in UTC
and every log was read past its end. A report that was built never changes. Days that ended more than two days ago are
held until they are released, so that the past is not mailed by accident.

To begin:

  maillog-tlsrpt sessions /var/log/mail.log
  maillog-tlsrpt init
  maillog-tlsrpt check
  systemctl enable --now maillog-tlsrpt.timer`),
    ),
    ...section(
      'COMMANDS',
      commands.flatMap(({ name, summary }) => item(`.BR maillog\\-tlsrpt\\-${roff(name)} (1)`, summary)),
    ),
    ...section('OPTIONS', globalOptions().flatMap(optionItem)),
    ...section('EXIT STATUS', [
      ...exitItems(),
      '.PP',
      ...prose(
        'check and status --check exit as monitoring plug-ins do: 0 all is well, 1 warning, 2 critical, 3 unknown (status --check alone).',
      ),
    ]),
    ...section('ENVIRONMENT', [
      ...item(bold('NO_COLOR'), 'if set and not empty, nothing is coloured'),
      ...item(bold('TZ'), 'the zone of stamps that carry none, where the configuration names no other'),
    ]),
    ...section('FILES', [
      ...item(italic('/etc/maillog-tlsrpt/config.yaml'), 'the configuration'),
      ...item(italic('/var/lib/maillog-tlsrpt/ledger.sqlite'), 'the ledger'),
    ]),
    ...section('SEE ALSO', [
      '.BR maillog\\-tlsrpt.yaml (5),',
      '.BR postconf (5),',
      '.BR exim (8)',
      '.PP',
      'RFC 8460 (SMTP TLS Reporting), RFC 8461 (MTA\\-STS), RFC 7672 (DANE for SMTP)',
    ]),
  ]);
}

/** maillog-tlsrpt.yaml(5). */
export function configPage(keys: readonly ConfigKey[], version: string): string {
  return page([
    ...head('maillog-tlsrpt.yaml', 5, 'configuration of maillog-tlsrpt', version),
    ...section(
      'DESCRIPTION',
      prose(`/etc/maillog-tlsrpt/config.yaml is a YAML mapping. What is wrong in it is said with line and column, and nothing runs
until it is mended. Lengths of time are written 30s, 15m, 4h, 2d; a plain number means seconds. Relative paths start
from the directory of the file. maillog-tlsrpt-init(1) writes one from what it finds on the host.`),
    ),
    ...section(
      'KEYS',
      keys.flatMap((key) => keyItems(key, '')),
    ),
    ...section(
      'EXAMPLE',
      prose(`  organization: Example Ltd.
  contact: tls-reports@example.com
  state: /var/lib/maillog-tlsrpt
  logs:
    - path: /var/log/mail.log
  mail:
    dkim: {domain: example.com, selector: tlsrpt, key: /etc/maillog-tlsrpt/dkim.pem}`),
    ),
    ...section('SEE ALSO', ['.BR maillog\\-tlsrpt (1)']),
  ]);
}

function keyItems(key: ConfigKey, parent: string): string[] {
  const name = `${parent}${key.name}`;
  const notes = [key.words];
  if (key.list) notes.push('A list of mappings with these keys.');
  if (key.required) notes.push('Must be given.');
  if (key.fallback !== undefined) notes.push(`Default: ${key.fallback}`);
  const own =
    key.keys.length > 0 && key.words === ''
      ? []
      : item(bold(name), notes.filter((note) => note !== '').join('\n'));
  return [...own, ...key.keys.flatMap((inner) => keyItems(inner, `${name}${key.list ? '[]' : ''}.`))];
}

function page(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
