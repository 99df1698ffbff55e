import { join } from 'node:path';
import { credentialName } from '../config/credential.ts';
import type { Config } from '../config.ts';
import type { CheckDeps } from './deps.ts';
import { type Finding, fail } from './finding.ts';
import { type Unit, USUAL_UNIT, unitsInUse } from './unit-files.ts';

/**
 * The config with the files in place of the credentials that the units in use are given, for nobody hands them over to
 * us; and what a unit is not given.
 */
export async function withCredentialFiles(
  deps: CheckDeps,
): Promise<{ readonly config: Config; readonly findings: readonly Finding[] }> {
  const { mail } = deps.config;
  const findings: Finding[] = [];
  const used = await unitsInUse(deps);
  const units = used.length > 0 ? used : [{ name: USUAL_UNIT, settings: new Map<string, string[]>() }];
  const fileOf = (path: string, key: string): string => {
    const name = credentialName(path);
    if (name === undefined) return path;
    const given = units.map((unit) => ({ unit, source: sourceOf(name, unit) }));
    for (const { unit, source } of given)
      if (source === undefined) findings.push(missing(unit.name, name, key));
    const source = given.find((each) => each.source !== undefined)?.source;
    return source === undefined ? path : join(deps.root, '/', source);
  };
  const { dkim, 'password-file': password } = mail;
  const keys =
    dkim === undefined || dkim === 'mta'
      ? dkim
      : [dkim].flat().map((key) => ({ ...key, key: fileOf(key.key, 'mail.dkim') }));
  const found = {
    ...mail,
    ...(keys !== undefined && { dkim: keys }),
    ...(password !== undefined && { 'password-file': fileOf(password, 'mail.password-file') }),
  };
  return { config: { ...deps.config, mail: found }, findings };
}

function missing(unit: string, name: string, key: string): Finding {
  return fail(
    'credential-missing',
    `${unit} is not given the credential ${name} that ${key} names`,
    `systemctl edit ${unit}, and write: [Service] LoadCredential=${name}:/path/to/the/file`,
  );
}

/** The file of `LoadCredential=NAME:PATH`; the last one counts. */
function sourceOf(name: string, { settings }: Unit): string | undefined {
  const paths = (settings.get('LoadCredential') ?? []).flatMap((value) => {
    const [named, path] = value.split(':');
    return named === name && path !== undefined ? [path] : [];
  });
  return paths.at(-1);
}
