import { access, constants } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { Ask } from '../policy/local-mta.ts';

/** The user the units run as (systemd/maillog-tlsrpt.sysusers). */
export const SERVICE_USER = 'maillog-tlsrpt';

const RIGHTS = {
  read: { flag: 'r', mode: constants.R_OK },
  write: { flag: 'w', mode: constants.W_OK },
  execute: { flag: 'x', mode: constants.X_OK },
} as const;
/** What is to be done with a file: the bit its mode must have. */
export type Right = keyof typeof RIGHTS;

/** What the user that will run the program may do to files. */
export interface Access {
  /** Who that is, for messages. */
  readonly who: string;
  can(right: Right, path: string): Promise<boolean>;
}

/**
 * The rights of the units' user, groups and ACLs included, where root asks and that user exists; else those of the
 * caller. The kernel is asked, for no reckoning with modes would see an ACL or a mount.
 */
export async function serviceAccess(ask: Ask): Promise<Access> {
  const asRoot = process.getuid?.() === 0;
  const exists = asRoot && (await ask('id', ['-u', SERVICE_USER])) !== undefined;
  return exists ? accessOfUser(SERVICE_USER, ask) : ownAccess();
}

function accessOfUser(user: string, ask: Ask): Access {
  return {
    who: user,
    async can(right, path) {
      const script = `test -${RIGHTS[right].flag} "$1" && echo yes`;
      const said = await ask('runuser', ['-u', user, '--', '/bin/sh', '-c', script, 'sh', path]);
      return said?.trim() === 'yes';
    },
  };
}

/** The rights of the user that runs this. */
export function ownAccess(): Access {
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
  };
}
