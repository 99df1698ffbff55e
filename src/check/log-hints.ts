import type { LogConfig } from '../config.ts';
import type { Hint } from '../parser.ts';
import type { CheckDeps } from './deps.ts';
import { eximSelectors } from './exim-settings.ts';
import { type Finding, fail, warn } from './finding.ts';

/** With these, reports are not true. */
const FATAL: ReadonlySet<string> = new Set(['postfix-loglevel-0', 'exim-no-tls-shown']);
/** What the settings of an Exim that can be asked tell better: they hold for the lines to come (checkExim). */
const TOLD_BY_SETTINGS: ReadonlySet<string> = new Set([
  'exim-interface-hidden',
  'exim-tls-cipher-hidden',
  'exim-certificate-hidden',
]);

/** What a parser says that the end of a log lacks, but for what the MTA of this host was told since. */
export async function hintFindings(
  hints: readonly Hint[],
  deps: CheckDeps,
  log: LogConfig,
  path: string,
): Promise<Finding[]> {
  const here = log.host === undefined && hints.some(({ id }) => TOLD_BY_SETTINGS.has(id));
  const told = here && (await eximSelectors(deps.ask)) !== undefined;
  return hints
    .filter(({ id }) => !told || !TOLD_BY_SETTINGS.has(id))
    .filter(({ id }) => id !== 'postfix-native-tlsrpt' || deps.config.native !== 'use')
    .map((hint) => findingOf(hint, path));
}

function findingOf({ id, text }: Hint, path: string): Finding {
  const at = text.indexOf('. ');
  const what = at < 0 ? text : text.slice(0, at + 1);
  const help = at < 0 ? helpFor(id, path) : text.slice(at + 2);
  return FATAL.has(id) ? fail(id, what, help) : warn(id, what, help);
}

/** What to do where the parser says only what is. */
function helpFor(id: string, path: string): string {
  switch (id) {
    case 'postfix-next-hop-unknown':
      return `name it in the log's entry, as in transport_maps: logs: [{path: ${path}, relayhosts: ["[smtp.isp.example]:587"]}]`;
    case 'postfix-native-tlsrpt':
      return 'turn one of the two off, or set `native: use` if no tlsrpt-reporter runs (docs/faq.md)';
    case 'postfix-policy-table':
      return 'see to the tables that `postconf smtp_tls_policy_maps` names; the warnings in the log say what is wrong';
    default:
      return 'see the parser’s README';
  }
}
