import { resolve } from 'node:path';
import type { Config } from '../config.ts';
import { credentialPath, isCredential } from './credential.ts';

type Absolute = (path: string) => string;

/**
 * Relative paths start from the directory of the config file, wherever the command was started. Those of logs
 * and their parsers are resolved by who reads them, for a log's name in the ledger is made of it.
 * @param credentials where systemd put what it hands over to this process
 */
export function withAbsolutePaths(
  config: Config,
  directory: string,
  credentials: string | undefined,
): Config {
  const absolute = (path: string) =>
    isCredential(path) ? credentialPath(path, credentials) : resolve(directory, path);
  const { state, mail, delivery, fleet, alerts, metrics } = config;
  return {
    ...config,
    state: /^[a-z]+:\/\//.test(state) ? state : absolute(state),
    mail: mailPaths(mail, absolute),
    delivery: deliveryPaths(delivery, absolute),
    fleet: fleetPaths(fleet, absolute),
    alerts: alertPaths(alerts, absolute),
    metrics: {
      ...metrics,
      ...(metrics.textfile !== undefined && { textfile: absolute(metrics.textfile) }),
    },
  };
}

function mailPaths(mail: Config['mail'], absolute: Absolute): Config['mail'] {
  const { dkim } = mail;
  const withKey = <T extends { readonly key: string }>(one: T) => ({ ...one, key: absolute(one.key) });
  return {
    ...mail,
    sendmail: programPath(mail.sendmail, absolute),
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

function fleetPaths(fleet: Config['fleet'], absolute: Absolute): Config['fleet'] {
  return {
    ...fleet,
    'import-keys': fleet['import-keys'].map((one) => ({ ...one, key: absolute(one.key) })),
    ...(fleet['export-key'] !== undefined && { 'export-key': absolute(fleet['export-key']) }),
  };
}

function alertPaths(alerts: Config['alerts'], absolute: Absolute): Config['alerts'] {
  const [program, ...args] = alerts.command ?? [];
  return program === undefined ? alerts : { ...alerts, command: [programPath(program, absolute), ...args] };
}

/** As a shell has it: a name without a slash is looked for in PATH. */
function programPath(program: string, absolute: Absolute): string {
  return program.includes('/') ? absolute(program) : program;
}
