import type { Config, LogConfig } from '../config.ts';
import { optionsOf } from '../reading/parser-options.ts';
import { type Fault, wrongKey, wrongValue } from './faults.ts';
import type { KeyPath, YamlText } from './yaml.ts';

/** How the options of parsers are called in the configuration. */
const KEYS: Readonly<Record<string, string>> = {
  fallbackRelays: 'fallback-relays',
  sendingMtaIp: 'sending-mta-ip',
  tlsLogLevel: 'tls-log-level',
};

/**
 * What the parsers that come with the program refuse of what the configuration gives them. They are loaded only where
 * something is to be judged: a start must not wait for them. One of somebody's own judges when it reads.
 */
export async function logOptionFaults(config: Config, yaml: YamlText): Promise<Fault[]> {
  if (!config.logs.some(givesOptions)) return [];
  const { BUILT_IN } = await import('../registry.ts');
  const { optionFaults } = await import('../option-faults.ts');
  return config.logs.flatMap((log, index) => {
    const judges = BUILT_IN.filter(({ name }) => log.parser === name || log.parser === 'auto');
    const refused = judges.map((module) => optionFaults(module, optionsOf(config, log, undefined)));
    // Whose log it is may not be known yet: what one of them takes is no fault.
    const [first = [], ...others] = refused;
    const common = first.filter(({ path }) =>
      others.every((faults) => faults.some((other) => other.path.join('.') === path.join('.'))),
    );
    return common.map(({ path, words, isUnknown = false }) => {
      const keys = ['logs', index, ...keysOf(log, path)];
      return isUnknown ? wrongKey(yaml, keys, words) : wrongValue(yaml, keys, words);
    });
  });
}

/** A smart host as `init` writes it, which every parser takes. */
const PLAIN_HOST = /^\[(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{1,63}\](?::\d{1,5})?$/i;

function givesOptions(log: LogConfig): boolean {
  const relays = [...log.relayhosts, ...log['fallback-relays']];
  const named = [Object.keys(log.hosts), Object.keys(log.options)];
  return named.some(({ length }) => length > 0) || relays.some((relay) => !PLAIN_HOST.test(relay));
}

/** Where in an entry of `logs` an option of its parser stands. */
function keysOf(log: LogConfig, path: KeyPath): KeyPath {
  const [name, ...rest] = path;
  if (name === undefined) return [];
  if (Object.hasOwn(log.options, name)) return ['options', ...path];
  if (name !== 'hosts') return [KEYS[name] ?? name, ...rest];
  const [host = '', option = '', ...within] = rest;
  return ['hosts', host, KEYS[option] ?? option, ...within];
}
