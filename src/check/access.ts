import { access, constants } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { type Ask, askProgram } from '../policy/local-mta.ts';
import { SERVICE_USER } from './runner.ts';
import { isOn, listSetting, type Unit, unitsInUse } from './unit-files.ts';

const RIGHTS = {
  read: { flag: 'r', mode: constants.R_OK },
  write: { flag: 'w', mode: constants.W_OK },
  execute: { flag: 'x', mode: constants.X_OK },
} as const;
/** What is to be done with a file: the bit its mode must have. */
export type Right = keyof typeof RIGHTS;

/** What the user that will run the program may do. */
export interface Access {
  /** Who that is, for messages. */
  readonly who: string;
  can(right: Right, path: string): Promise<boolean>;
  /** Runs a program as it would run there: as that user, and without new privileges where its unit forbids them. */
  readonly ask: Ask;
}

/**
 * The rights of the unit's user, its groups and ACLs included, where root asks and that user exists; else those of the
 * caller. The kernel is asked, for no reckoning with modes would see an ACL or a mount.
 * @param root in front of /etc and /usr; empty but in tests
 * @param uid who asks
 */
export async function serviceAccess(ask: Ask, root: string, uid = process.getuid?.()): Promise<Access> {
  const [unit] = await unitsInUse({ ask, root });
  const user = unit?.settings.get('User')?.at(-1) ?? SERVICE_USER;
  const exists = uid === 0 && (await ask('id', ['-u', user])) !== undefined;
  return exists ? accessOfUser(user, unit, ask) : ownAccess(ask);
}

async function accessOfUser(user: string, unit: Unit | undefined, ask: Ask): Promise<Access> {
  const as = ['-u', user, ...(unit === undefined ? [] : await groupsOf(user, unit, ask)), '--'];
  const bare = unit !== undefined && isOn(unit, 'NoNewPrivileges') ? ['setpriv', '--no-new-privs'] : [];
  return {
    who: user,
    async can(right, path) {
      const script = `test -${RIGHTS[right].flag} "$1" && echo yes`;
      const said = await ask('runuser', [...as, '/bin/sh', '-c', script, 'sh', path]);
      return said?.trim() === 'yes';
    },
    ask: (program, args) => ask('runuser', [...as, ...bare, program, ...args]),
  };
}

/** The unit's groups beside those that the user is in (systemd.exec(5)), as runuser wants them. */
async function groupsOf(user: string, unit: Unit, ask: Ask): Promise<string[]> {
  const own = ((await ask('id', ['-Gn', user])) ?? '').split(/\s+/).filter((name) => name !== '');
  const [primary = own[0]] = listSetting(unit, 'Group').slice(-1);
  if (primary === undefined) return [];
  const given: string[] = [];
  for (const name of listSetting(unit, 'SupplementaryGroups'))
    if ((await ask('getent', ['group', name])) !== undefined) given.push(name);
  const all = new Set([primary, ...own, ...given]);
  return ['-g', primary, ...[...all].flatMap((name) => ['-G', name])];
}

/** The rights of the user that runs this. */
export function ownAccess(ask: Ask = askProgram): Access {
  return {
    who: userInfo().username,
    async can(right, path) {
      try {
        await access(path, RIGHTS[right].mode);
        return true;
      } catch {
        return false;
      }
    },
    ask,
  };
}
