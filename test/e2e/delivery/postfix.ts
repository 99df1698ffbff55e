import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The Postfix of Debian's package, unpacked into a directory of its own, for an installed one would push out the host's
 * MTA. Listens on loopback and relays everything to one port. Needs root, apt-get and dpkg-deb.
 */
export interface Postfix {
  /** Port of its smtpd. */
  readonly port: number;
  /** Its sendmail program. */
  readonly sendmail: string;
  readonly version: string;
  log(): string;
  stop(): void;
}

/** What a test adds to main.cf and master.cf. */
export interface PostfixChange {
  readonly settings?: Readonly<Record<string, string>>;
  readonly services?: string;
}

export async function startPostfix(relayPort: number, more: PostfixChange = {}): Promise<Postfix> {
  const directory = mkdtempSync(join(tmpdir(), 'postfix-lab-'));
  // Its daemons run as another user.
  chmodSync(directory, 0o755);
  try {
    const root = unpack(directory);
    const port = await freePort();
    configure(directory, root, port, relayPort, more);
    const run = (program: string, ...args: string[]) =>
      execFileSync(join(root, program), args, {
        env: {
          PATH: process.env['PATH'],
          MAIL_CONFIG: join(directory, 'etc'),
          LD_LIBRARY_PATH: join(root, 'usr/lib/postfix'),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        encoding: 'utf8',
      });
    run('usr/sbin/postfix', 'start');
    const sendmail = join(directory, 'sendmail');
    const environment = `MAIL_CONFIG=${join(directory, 'etc')} LD_LIBRARY_PATH=${join(root, 'usr/lib/postfix')}`;
    writeFileSync(sendmail, `#!/bin/sh\nexec env ${environment} ${join(root, 'usr/sbin/sendmail')} "$@"\n`, {
      mode: 0o755,
    });
    return {
      port,
      sendmail,
      version: run('usr/sbin/postconf', '-h', 'mail_version').trim(),
      log: () => readFileSync(join(directory, 'mail.log'), 'utf8'),
      stop() {
        run('usr/sbin/postfix', 'stop');
        rmSync(directory, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

function unpack(directory: string): string {
  const archives = join(directory, 'archives');
  mkdirSync(archives);
  execFileSync('apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=root', 'postfix'], {
    cwd: archives,
    stdio: 'pipe',
  });
  const [archive] = readdirSync(archives);
  if (archive === undefined) throw new Error('apt-get brought no package');
  const root = join(directory, 'root');
  execFileSync('dpkg-deb', ['-x', join(archives, archive), root]);
  return root;
}

function configure(
  directory: string,
  root: string,
  port: number,
  relayPort: number,
  more: PostfixChange,
): void {
  const etc = join(directory, 'etc');
  for (const name of ['etc', 'queue', 'data']) mkdirSync(join(directory, name));
  execFileSync('chown', ['news', join(directory, 'data')]);
  const settings = {
    compatibility_level: '3.6',
    queue_directory: join(directory, 'queue'),
    data_directory: join(directory, 'data'),
    command_directory: join(root, 'usr/sbin'),
    daemon_directory: join(root, 'usr/lib/postfix/sbin'),
    shlib_directory: join(root, 'usr/lib/postfix'),
    meta_directory: join(root, 'etc/postfix'),
    sendmail_path: join(root, 'usr/sbin/sendmail'),
    mailq_path: join(root, 'usr/bin/mailq'),
    newaliases_path: join(root, 'usr/bin/newaliases'),
    html_directory: 'no',
    manpage_directory: join(root, 'usr/share/man'),
    readme_directory: 'no',
    import_environment: 'MAIL_CONFIG LD_LIBRARY_PATH LANG=C',
    export_environment: 'MAIL_CONFIG LD_LIBRARY_PATH',
    // Accounts that every Debian has and nothing uses.
    mail_owner: 'news',
    setgid_group: 'uucp',
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    myhostname: 'mta.sender.example',
    mydestination: '',
    mynetworks: '127.0.0.0/8',
    relayhost: `[127.0.0.1]:${relayPort}`,
    smtp_tls_security_level: 'may',
    smtp_tls_loglevel: '1',
    maillog_file: join(directory, 'mail.log'),
    maillog_file_prefixes: directory,
    ...more.settings,
  };
  writeFileSync(
    join(etc, 'main.cf'),
    Object.entries(settings)
      .map(([name, value]) => `${name} = ${value}\n`)
      .join(''),
  );
  const services = readFileSync(join(root, 'usr/share/postfix/master.cf.dist'), 'utf8')
    .replace(/^smtp +inet.*$/m, `127.0.0.1:${port} inet n - n - - smtpd`)
    .replace(/^(\S+ +unix +\S+ +\S+ +)y/gm, '$1n');
  writeFileSync(join(etc, 'master.cf'), `${services}\n${more.services ?? ''}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
