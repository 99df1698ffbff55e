import { join } from 'node:path';
import { credentialName } from '../config/credential.ts';
import type { Config } from '../config.ts';
import type { CheckDeps } from './deps.ts';
import { type Finding, fail } from './finding.ts';
import { UNIT, unitSettings } from './unit-files.ts';

/**
 * The config with the files in place of the credentials that the unit is given, for nobody hands them over to us; and
 * what the unit is not given.
 */
export async function withCredentialFiles(
  deps: CheckDeps,
): Promise<{ readonly config: Config; readonly findings: readonly Finding[] }> {
  const { mail } = deps.config;
  const findings: Finding[] = [];
  const fileOf = async (path: string, key: string): Promise<string> => {
    const name = credentialName(path);
    const file = name === undefined ? path : await sourceOf(name, deps);
    if (file === undefined) findings.push(missing(name ?? '', key));
    return file ?? path;
  };
  const { dkim, 'password-file': password } = mail;
  const keys =
    dkim === undefined || dkim === 'mta'
      ? dkim
      : await Promise.all(
          [dkim].flat().map(async (key) => ({ ...key, key: await fileOf(key.key, 'mail.dkim') })),
        );
  const found = {
    ...mail,
    ...(keys !== undefined && { dkim: keys }),
    ...(password !== undefined && { 'password-file': await fileOf(password, 'mail.password-file') }),
  };
  return { config: { ...deps.config, mail: found }, findings };
}

function missing(name: string, key: string): Finding {
  return fail(
    'credential-missing',
    `${UNIT} is not given the credential ${name} that ${key} names`,
    `systemctl edit ${UNIT}, and write: [Service] LoadCredential=${name}:/path/to/the/file`,
  );
}

/** The file of `LoadCredential=NAME:PATH`; the last one counts. */
async function sourceOf(name: string, deps: CheckDeps): Promise<string | undefined> {
  const loaded = (await unitSettings(deps))?.get('LoadCredential') ?? [];
  const paths = loaded.flatMap((value) => {
    const [named, path] = value.split(':');
    return named === name && path !== undefined ? [path] : [];
  });
  const last = paths.at(-1);
  return last === undefined ? undefined : join(deps.root, '/', last);
}
