import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface DebianOptions {
  /** Debian's macro MAIN_LOG_SELECTOR; its default sets none. */
  readonly logSelector?: string;
  readonly logTimezone?: boolean;
  /** Debian's macro REMOTE_SMTP_HOSTS_REQUIRE_TLS. */
  readonly requireTls?: boolean;
  /** The three parts of parsers/exim/event-action.conf, put where its comments say. */
  readonly snippet?: boolean;
}

/** What Debian's own update-exim4.conf makes for a host that sends to the internet, with these few changes. */
export function debianConfig(directory: string, caFile: string, options: DebianOptions): string {
  const source = join(directory, 'etc');
  cpSync('/etc/exim4', source, { recursive: true });
  const settings = join(source, 'update-exim4.conf.conf');
  const internet = readFileSync(settings, 'utf8')
    .replace(/^dc_eximconfig_configtype=.*$/m, "dc_eximconfig_configtype='internet'")
    .replace(/^dc_use_split_config=.*$/m, "dc_use_split_config='true'")
    .replace(/^dc_other_hostnames=.*$/m, "dc_other_hostnames='sender.test'");
  writeFileSync(settings, internet);
  const { logSelector, logTimezone = false, requireTls = false, snippet = false } = options;
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
  const added = [`  tls_verify_certificates = ${caFile}`, '  command_timeout = 5s'];
  if (snippet) added.push(...addSnippet(source));
  const text = readFileSync(transport, 'utf8').replace(/^( +driver = smtp)$/m, `$1\n${added.join('\n')}`);
  writeFileSync(transport, text);
  const output = join(directory, 'exim4.conf');
  execFileSync('update-exim4.conf', ['-d', source, '-o', output], { stdio: 'pipe' });
  return readFileSync(output, 'utf8');
}

/** Installs the snippet's first two parts as a new file each; returns the line for the transport. */
function addSnippet(source: string): string[] {
  const file = new URL('../../../parsers/exim/event-action.conf', import.meta.url);
  const [main = '', acl = '', line = ''] = readFileSync(file, 'utf8').split(/^# [23]\. .*$/m);
  writeFileSync(join(source, 'conf.d/main/950_tlsrpt'), main);
  writeFileSync(join(source, 'conf.d/acl/95_tlsrpt'), acl);
  return line.split('\n').filter((one) => /^ +\w/.test(one));
}
