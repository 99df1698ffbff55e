import { dirname, resolve } from 'node:path';
import { type Ask, EXIM_NAMES } from '../policy/local-mta.ts';
import type { Check, CheckDeps } from './deps.ts';
import { eximLogs } from './exim-log-files.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** On without being asked for (exim: log_default in globals.c). */
const BY_DEFAULT = ['tls_cipher', 'tls_certificate_verified', 'outgoing_interface'] as const;

/** Whether Exim logs what reports are made of, where the config reads it. */
export const checkExim: Check = async (deps) => {
  if (deps.local.exim === undefined || !deps.config.logs.some((log) => log.parser === 'exim')) return [];
  const text = await askExim(deps.ask, ['log_selector', 'log_file_path']);
  if (text === undefined) return [];
  return [
    ...selectorFindings(selectorsOf(optionOf(text, 'log_selector'))),
    ...fileFindings(optionOf(text, 'log_file_path'), deps),
  ];
};

/** Exim's answer to `-bP`; undefined where it is not there. */
export async function askExim(ask: Ask, options: readonly string[]): Promise<string | undefined> {
  for (const name of EXIM_NAMES) {
    const text = await ask(name, ['-bP', ...options]);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** An option's value in the answer to `-bP`; '' if it has none. */
export function optionOf(text: string, name: string): string {
  return new RegExp(`^${name} = (.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
}

/** What Exim is told to log now: whether a selector is on; undefined where it cannot be asked. */
export async function eximSelectors(ask: Ask): Promise<((selector: string) => boolean) | undefined> {
  const text = await askExim(ask, ['log_selector']);
  return text === undefined ? undefined : selectorsOf(optionOf(text, 'log_selector'));
}

function selectorsOf(setting: string): (selector: string) => boolean {
  const on = new Set<string>(BY_DEFAULT);
  let all = false;
  for (const [, sign, name = ''] of setting.matchAll(/([+-])\s*(\w+)/g)) {
    if (name === 'all') {
      all = sign === '+';
      on.clear();
    } else if (sign === '+') on.add(name);
    else on.delete(name);
  }
  return (selector) => all || on.has(selector);
}

function selectorFindings(has: (selector: string) => boolean): Finding[] {
  if (!has('tls_cipher') && !has('tls_certificate_verified'))
    return [
      fail(
        'exim-no-tls-shown',
        'Exim does not log TLS (log_selector hides tls_cipher and tls_certificate_verified): no success would be seen',
        'log_selector = +tls_cipher +tls_certificate_verified',
      ),
    ];
  const findings: Finding[] = [];
  if (!has('tls_certificate_verified'))
    findings.push(
      warn(
        'exim-certificate-hidden',
        'Exim does not log CV=: DANE and bad certificates cannot be told',
        'log_selector = +tls_certificate_verified',
      ),
    );
  if (!has('tls_cipher'))
    findings.push(
      warn(
        'exim-tls-cipher-hidden',
        'Exim does not log X=: the TLS version cannot be told',
        'log_selector = +tls_cipher',
      ),
    );
  if (!has('incoming_interface') || !has('outgoing_interface'))
    findings.push(
      warn(
        'exim-interface-hidden',
        'Exim does not log the address mail leaves from, and connections are counted by heuristics',
        'log_selector = +incoming_interface +outgoing_interface +outgoing_port',
      ),
    );
  return findings.length > 0 ? findings : [ok('exim-selectors', 'Exim logs TLS and the sending address')];
}

function fileFindings(logFilePath: string, { config, directory }: CheckDeps): Finding[] {
  const { files, syslog } = eximLogs(logFilePath);
  const read = config.logs.flatMap(({ parser, path }) =>
    parser === 'exim' && path !== undefined ? [resolve(directory, path)] : [],
  );
  const [first] = files;
  if (first === undefined || syslog || files.some(({ path }) => read.includes(path))) return [];
  if (read.some((path) => dirname(path) === dirname(first.path))) return [];
  return [
    fail(
      'exim-other-log',
      `Exim logs into ${first.path} (log_file_path), which the configuration does not read`,
      `logs: [{path: ${first.path}, parser: exim}]`,
    ),
  ];
}
