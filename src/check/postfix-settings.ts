import type { PostfixFacts } from '../policy/postfix-settings.ts';
import type { Check, CheckDeps } from './deps.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const PARAMETERS = [
  'smtp_tls_security_level',
  'smtp_use_tls',
  'smtp_tls_policy_maps',
  'smtp_tls_CAfile',
  'smtp_tls_CApath',
  'tls_append_default_CA',
  'maillog_file',
] as const;
type Settings = Readonly<Record<(typeof PARAMETERS)[number], string>>;

/** From here on the delivery line names the TLS level, whatever the log level is. */
const TELLS_LEVEL = [3, 11] as const;
/** From here on `TLS-Required: No` is obeyed, and from 3.10.4 on it keeps a report's session out of native reports. */
const TLS_REQUIRED = [3, 10] as const;

/** Whether Postfix logs what reports are made of, and is set up as the config says. */
export const checkPostfix: Check = async (deps) => {
  const { postfix } = deps.local;
  if (postfix === undefined || !deps.config.logs.some((log) => log.parser === 'postfix')) return [];
  const text = (await deps.ask('postconf', ['-x', ...PARAMETERS])) ?? '';
  const settings = readSettings(text);
  return [
    ...levelFindings(postfix, settings),
    ...trustFindings(settings),
    ...nativeFindings(postfix, deps),
    ...logFindings(settings, deps),
    ...tlsRequiredFindings(postfix, settings),
  ];
};

function readSettings(text: string): Settings {
  const value = (name: string): string =>
    new RegExp(`^${name} =[ \\t]*(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  return Object.fromEntries(PARAMETERS.map((name) => [name, value(name)])) as Settings;
}

function levelFindings(postfix: PostfixFacts, settings: Settings): Finding[] {
  const level = settings.smtp_tls_security_level;
  const tries = level === '' ? settings.smtp_use_tls === 'yes' : level !== 'none';
  if (!tries && settings.smtp_tls_policy_maps === '') {
    return [
      fail(
        'postfix-no-tls',
        'Postfix sends all mail in clear text (smtp_tls_security_level is not set): there is nothing to report',
        "postconf -e smtp_tls_security_level=may 'smtp_tls_loglevel=1' && postfix reload",
      ),
    ];
  }
  if (postfix.tlsLogLevel > 0)
    return [ok('postfix-loglevel', `Postfix logs TLS (smtp_tls_loglevel = ${postfix.tlsLogLevel})`)];
  if (atLeast(postfix.version, TELLS_LEVEL))
    return [
      ok(
        'postfix-loglevel',
        `Postfix ${postfix.version} names the TLS level on each delivery line, though not the TLS version (smtp_tls_loglevel = 0)`,
      ),
    ];
  return [
    fail(
      'postfix-loglevel',
      'Postfix logs failures only (smtp_tls_loglevel = 0): successes would be missing from all reports',
      'postconf -e smtp_tls_loglevel=1 && postfix reload',
    ),
  ];
}

function trustFindings(settings: Settings): Finding[] {
  const anchors =
    settings.smtp_tls_CAfile !== '' ||
    settings.smtp_tls_CApath !== '' ||
    settings.tls_append_default_CA === 'yes';
  if (anchors) return [];
  return [
    warn(
      'postfix-no-anchors',
      'Postfix knows no certificate authorities, so it calls every certificate untrusted: good ones cannot be told from bad ones',
      'postconf -e smtp_tls_CApath=/etc/ssl/certs && postfix reload',
    ),
  ];
}

function nativeFindings(postfix: PostfixFacts, { config }: CheckDeps): Finding[] {
  if (!postfix.nativeTlsrpt) return [];
  const findings: Finding[] = [];
  if (config.native === 'hold')
    findings.push(
      warn(
        'native-tlsrpt',
        "Postfix's own TLSRPT is on (smtp_tlsrpt_enable = yes): sending is held, for receivers would get two reports",
        'turn one off: postconf -e smtp_tlsrpt_enable=no; or set `native: use` if no tlsrpt-reporter runs',
      ),
    );
  if (/^3\.10\.[0-3]$/.test(postfix.version))
    findings.push(
      warn(
        'native-loop',
        `Postfix ${postfix.version} counts the sessions that carry reports, and so reports on reports for ever`,
        'update to 3.10.4 or later, or turn smtp_tlsrpt_enable off',
      ),
    );
  return findings;
}

function logFindings(settings: Settings, { config }: CheckDeps): Finding[] {
  const file = settings.maillog_file;
  const read = config.logs.some((log) => log.parser === 'postfix' && log.path === file);
  if (!file.startsWith('/') || file === '/dev/stdout' || read) return [];
  return [
    fail(
      'postfix-other-log',
      `Postfix logs into ${file} (maillog_file), which the configuration does not read`,
      `logs: [{path: ${file}}]`,
    ),
  ];
}

/** A report says that TLS is broken, often to the very host whose TLS is broken. */
function tlsRequiredFindings({ version }: PostfixFacts, settings: Settings): Finding[] {
  if (atLeast(version, TLS_REQUIRED)) return [];
  const demands = !['', 'none', 'may'].includes(settings.smtp_tls_security_level);
  if (!demands && settings.smtp_tls_policy_maps === '') return [];
  return [
    warn(
      'tls-required-ignored',
      `Postfix ${version} does not know "TLS-Required: No": reports to a domain whose TLS is broken stay in its queue`,
      'let reports pass by a transport of their own with smtp_tls_security_level=may, or update to 3.10 (docs/delivery.md)',
    ),
  ];
}

function atLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [, a = 0, b = 0] = (/^(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  return a > major || (a === major && b >= minor);
}
