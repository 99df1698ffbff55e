import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGES = ['exim4-daemon-light', 'exim4-config', 'exim4-base'];
/** What Debian calls the user its Exim runs as; free on any host where it is not installed. */
const USER = 'Debian-exim';
const FREE_ID = 64_990;

/** Debian's Exim, unpacked and not installed: it would push out the host's MTA. */
export interface EximPackage {
  readonly root: string;
  readonly exim: string;
  readonly uid: number;
  readonly gid: number;
  /** The host's users and groups with Exim's among them. */
  readonly passwd: string;
  readonly group: string;
}

/** Downloads and unpacks; its libraries must be there (libidn12, libgnutls-dane0). */
export function unpackExim(directory: string): EximPackage {
  const archives = join(directory, 'archives');
  mkdirSync(archives);
  const options = ['download', '-q', '-o', 'APT::Sandbox::User=root'];
  execFileSync('apt-get', [...options, ...PACKAGES], { cwd: archives, stdio: 'pipe' });
  const root = join(directory, 'root');
  for (const archive of readdirSync(archives)) {
    execFileSync('dpkg-deb', ['-x', join(archives, archive), root]);
  }
  const users = readFileSync('/etc/passwd', 'utf8');
  const groups = readFileSync('/etc/group', 'utf8');
  const user = new RegExp(`^${USER}:[^:]*:(\\d+):(\\d+):`, 'm').exec(users);
  const uid = Number(user?.[1] ?? FREE_ID);
  const gid = Number(user?.[2] ?? FREE_ID);
  return {
    root,
    exim: join(root, 'usr/sbin/exim4'),
    uid,
    gid,
    passwd: user === null ? `${users}${USER}:x:${uid}:${gid}::/:/usr/sbin/nologin\n` : users,
    group: user === null ? `${groups}${USER}:x:${gid}:\n` : groups,
  };
}
