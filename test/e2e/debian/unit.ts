import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DebianRoot, type Running, type Said, start } from './root.ts';
import { systemCalls } from './system-calls.ts';

/** The settings of a unit file and what was added to it, by key; those given several times are joined by blanks. */
export function readUnit(root: DebianRoot, name: string): ReadonlyMap<string, string> {
  const added = join(root.path, `etc/systemd/system/${name}.d`);
  const files = existsSync(added) ? readdirSync(added).map((each) => join(added, each)) : [];
  const text = [join(root.path, 'usr/lib/systemd/system', name), ...files]
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const settings = new Map<string, string>();
  for (const [, key = '', value = ''] of text.matchAll(/^([A-Za-z]+)=(.*)$/gm))
    settings.set(key, `${settings.get(key) ?? ''} ${value}`.trim());
  return settings;
}

/** Runs a unit's ExecStart to its end, see {@link startUnit}. */
export async function runUnit(root: DebianRoot, name: string): Promise<Said> {
  return (await startUnit(root, name)).ended;
}

/** Debian's own Python, which has Debian's libseccomp. */
const PYTHON = '/usr/bin/python3';
const CONFINE = fileURLToPath(new URL('confine.py', import.meta.url));

/**
 * Starts a unit's ExecStart as far as systemd's work can be done without it: its user and groups, no new privileges, no
 * capabilities, the system calls and address families it may use, everything read-only but the state directory, a /tmp
 * of its own, a /proc that shows no others, and the credentials it is to be given.
 */
export async function startUnit(root: DebianRoot, name: string): Promise<Running> {
  const unit = readUnit(root, name);
  const user = unit.get('User') ?? '';
  const state = `/var/lib/${unit.get('StateDirectory')}`;
  const groups = [unit.get('Group') ?? '', ...(unit.get('SupplementaryGroups') ?? '').split(' ')];
  const ids: number[] = [];
  for (const group of groups) {
    const found = await root.run('getent', 'group', group);
    if (found.status === 0) ids.push(Number(found.stdout.split(':')[2]));
  }
  const confinement = JSON.stringify({
    root: root.path,
    user: Number(await root.ask('id', '-u', user)),
    group: ids[0],
    groups: ids,
    syscalls: systemCalls(unit.get('SystemCallFilter') ?? ''),
    families: (unit.get('RestrictAddressFamilies') ?? '').split(' '),
  });
  const script = `set -e
mount --bind "$ROOT" "$ROOT"
mount -o remount,bind,ro "$ROOT"
mount --bind "$ROOT${state}" "$ROOT${state}"
mount -o remount,bind,rw "$ROOT${state}"
${writable(root, unit)}
mount -t tmpfs tmpfs "$ROOT/tmp"
chmod 1777 "$ROOT/tmp"
mount -t proc -o subset=pid,hidepid=invisible proc "$ROOT/proc"
mount --bind /dev "$ROOT/dev"
${credentials(unit, user, name)}
umask ${unit.get('UMask')}
exec env -i PATH=/usr/bin:/bin CREDENTIALS_DIRECTORY=/run/credentials/${name} ${PYTHON} ${CONFINE} "$CONFINEMENT" ${unit.get('ExecStart')}
`;
  const path = join(root.path, 'run-unit.sh');
  writeFileSync(path, script);
  const isolated = ['--mount', '--propagation', 'private', 'sh', path];
  return start('unshare', isolated, { PATH: process.env['PATH'], ROOT: root.path, CONFINEMENT: confinement });
}

/** ReadWritePaths=; a path behind a dash need not be there. */
function writable(root: DebianRoot, unit: ReadonlyMap<string, string>): string {
  return (unit.get('ReadWritePaths') ?? '')
    .split(' ')
    .map((each) => each.replace(/^-/, ''))
    .filter((path) => path !== '' && existsSync(join(root.path, path)))
    .map((path) => `mount --bind "$ROOT${path}" "$ROOT${path}"\nmount -o remount,bind,rw "$ROOT${path}"`)
    .join('\n');
}

/** LoadCredential=: read by root, and laid where the user alone can read it. */
function credentials(unit: ReadonlyMap<string, string>, user: string, name: string): string {
  const given = (unit.get('LoadCredential') ?? '').split(' ').filter((each) => each !== '');
  const lines = given.map((each) => {
    const [id = '', path = ''] = each.split(':');
    return `install -m 0400 "$ROOT${path}" "$ROOT/run/$UNIT/${id}"; chroot "$ROOT" chown ${user} "/run/$UNIT/${id}"`;
  });
  return `UNIT=credentials/${name}
mount -t tmpfs tmpfs "$ROOT/run"
mkdir -p "$ROOT/run/$UNIT"
chmod 0755 "$ROOT/run/$UNIT"
${lines.join('\n')}`;
}
