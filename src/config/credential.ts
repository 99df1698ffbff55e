import { join } from 'node:path';
import { EXIT, Problem } from '../errors.ts';

const FORM = /^credential:([A-Za-z0-9_.@-]{1,100})$/;

/** Whether a file is named as a credential that systemd hands over: `credential:dkim.pem` (LoadCredential=). */
export function isCredential(path: string): boolean {
  return path.startsWith('credential:');
}

/** The name behind `credential:`; undefined for an ordinary path, and where no such name is possible. */
export function credentialName(path: string): string | undefined {
  return FORM.exec(path)?.[1];
}

/** Where a credential lies. @param directory systemd's $CREDENTIALS_DIRECTORY; without it, nothing is handed over */
export function credentialPath(path: string, directory: string | undefined): string {
  const name = credentialName(path);
  return name === undefined || directory === undefined ? path : join(directory, name);
}

/** @throws Problem (config) for a credential that was not handed over to this process */
export function demandFile(path: string): void {
  if (!isCredential(path)) return;
  const name = credentialName(path);
  throw name === undefined
    ? new Problem(EXIT.config, `"${path}" names no credential`, {
        help: 'write credential:NAME, with the name that LoadCredential=NAME:PATH has',
      })
    : new Problem(
        EXIT.config,
        `${path} is handed over by systemd to its unit alone, and not to this process`,
        {
          where: path,
          help: `start the unit: systemctl start maillog-tlsrpt.service; or: systemd-run --pipe -p LoadCredential=${name}:/path/to/it maillog-tlsrpt …`,
        },
      );
}
