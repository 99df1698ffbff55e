import { resolve } from 'node:path';
import type { Config } from '../config.ts';
import { credentialPath, isCredential } from './credential.ts';

type Absolute = (path: string) => string;

/**
 * Relative paths start from the directory of the config file, wherever the command was started.
 * @param credentials where systemd put what it hands over to this process
 */
export function withAbsolutePaths(
  config: Config,
  directory: string,
  credentials: string | undefined,
): Config {
  const absolute = (path: string) =>
    isCredential(path) ? credentialPath(path, credentials) : resolve(directory, path);
  const { state, mail, delivery } = config;
  return {
    ...config,
    state: /^[a-z]+:\/\//.test(state) ? state : absolute(state),
    mail: mailPaths(mail, absolute),
    delivery: deliveryPaths(delivery, absolute),
  };
}

function mailPaths(mail: Config['mail'], absolute: Absolute): Config['mail'] {
  const { dkim } = mail;
  const withKey = <T extends { readonly key: string }>(one: T) => ({ ...one, key: absolute(one.key) });
  return {
    ...mail,
    ...(dkim !== undefined &&
      dkim !== 'mta' && { dkim: Array.isArray(dkim) ? dkim.map(withKey) : withKey(dkim) }),
    ...(mail['password-file'] !== undefined && { 'password-file': absolute(mail['password-file']) }),
  };
}

function deliveryPaths(delivery: Config['delivery'], absolute: Absolute): Config['delivery'] {
  return {
    ...delivery,
    ...(delivery.directory !== undefined && { directory: absolute(delivery.directory) }),
    ...(delivery['https-ca'] !== undefined && { 'https-ca': absolute(delivery['https-ca']) }),
  };
}
