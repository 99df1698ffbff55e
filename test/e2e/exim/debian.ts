import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from './lab.ts';

export interface DebianOptions {
  /** Debian's macro MAIN_LOG_SELECTOR; its default sets none. */
  readonly logSelector?: string;
  readonly logTimezone?: boolean;
  /** Debian's macro REMOTE_SMTP_HOSTS_REQUIRE_TLS. */
  readonly requireTls?: boolean;
  /** The three parts of parsers/exim/event-action.conf, put where its comments say. */
  readonly snippet?: boolean;
  /** Further lines of its transport remote_smtp. */
  readonly transport?: readonly string[];
}

/** What dpkg asks, answered for a host that sends to the internet. */
const SETTINGS = `dc_eximconfig_configtype='internet'
dc_other_hostnames='sender.test'
dc_local_interfaces='127.0.0.1'
dc_readhost=''
dc_relay_domains=''
dc_minimaldns='false'
dc_relay_nets=''
dc_smarthost=''
CFILEMODE='644'
dc_use_split_config='true'
dc_hide_mailname=''
dc_mailname_in_oh='true'
dc_localdelivery='mail_spool'
`;

/** What Debian's own update-exim4.conf makes of Debian's own files, with these few changes. */
export function debianConfig(directory: string, lab: Lab, options: DebianOptions): string {
  const { root, exim } = lab.package;
  const source = join(directory, 'etc');
  cpSync(join(root, 'etc/exim4'), source, { recursive: true });
  writeFileSync(join(source, 'update-exim4.conf.conf'), SETTINGS);
  const { logSelector, logTimezone = false, requireTls = false, snippet = false } = options;
  const { transport: further = [] } = options;
  const main = [
    `SPOOLDIR = ${directory}/spool`,
    ...(logSelector === undefined ? [] : [`MAIN_LOG_SELECTOR = ${logSelector}`]),
    ...(requireTls ? ['REMOTE_SMTP_HOSTS_REQUIRE_TLS = *'] : []),
    `log_file_path = ${directory}/log/%slog`,
    `log_timezone = ${logTimezone}`,
    'primary_hostname = mta1.sender.test',
  ];
  writeFileSync(join(source, 'conf.d/main/000_lab'), `${main.join('\n')}\n`);
  const transport = join(source, 'conf.d/transport/30_exim4-config_remote_smtp');
  // The lab's own CA stands in for the system's.
  const added = [`  tls_verify_certificates = ${join(lab.directory, 'ca.pem')}`, '  command_timeout = 5s'];
  if (snippet) added.push(...addSnippet(source));
  added.push(...further.map((line) => `  ${line}`));
  const text = readFileSync(transport, 'utf8').replace(/^( +driver = smtp)$/m, `$1\n${added.join('\n')}`);
  writeFileSync(transport, text);
  const output = join(directory, 'exim4.conf');
  lab.run(join(root, 'usr/sbin/update-exim4.conf'), ['-d', source, '-o', output]);
  // What stands below /etc and /usr on a host where Exim is installed lies where it was unpacked.
  return readFileSync(output, 'utf8')
    .replace(/^exim_path = .*$/m, `exim_path = ${exim}`)
    .replaceAll('/etc/email-addresses', join(root, 'etc/email-addresses'));
}

/** Installs the snippet's first two parts as a new file each; returns the line for the transport. */
function addSnippet(source: string): string[] {
  const file = new URL('../../../parsers/exim/event-action.conf', import.meta.url);
  const [main = '', acl = '', line = ''] = readFileSync(file, 'utf8').split(/^# [23]\. .*$/m);
  writeFileSync(join(source, 'conf.d/main/950_tlsrpt'), main);
  writeFileSync(join(source, 'conf.d/acl/95_tlsrpt'), acl);
  return line.split('\n').filter((one) => /^ +\w/.test(one));
}
