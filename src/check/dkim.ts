import { stat } from 'node:fs/promises';
import type { Config } from '../config.ts';
import type { DkimKey } from '../delivery/dkim.ts';
import { loadMailSetup } from '../delivery/mail-setup.ts';
import { Problem, placeOf } from '../errors.ts';
import { isAbsent } from '../policy/dns.ts';
import { withCredentialFiles } from './credentials.ts';
import type { Check, CheckDeps } from './deps.ts';
import { judgeDkimRecord, recordHelp } from './dkim-record.ts';
import { type Finding, fail, warn } from './finding.ts';

/** Whether reports will be signed, by a key that the DNS vouches for (RFC 8460 §3). */
export const checkDkim: Check = async (deps) => {
  const { config, findings } = await withCredentialFiles(deps);
  if (findings.length > 0) return findings;
  const { dkim } = config.mail;
  try {
    const { keys, submitter } = await loadMailSetup(config);
    if (dkim === 'mta') {
      return [
        warn(
          'dkim-by-mta',
          `your MTA is trusted to sign (mail.dkim: mta); whether it does cannot be seen from here`,
          `rehearse with \`send --to\` an address elsewhere, and look for a DKIM-Signature with d=${submitter} in what arrives`,
        ),
      ];
    }
    const files = await Promise.all(keyFiles(config).map((path) => fileFindings(deps, path)));
    const records = await Promise.all(keys.map((key) => recordFindings(deps, key)));
    return [...files.flat(), ...records.flat()];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const help = error.help ?? 'see mail.dkim in the documentation';
    return [fail(idOf(error, deps), sentence(error), help)];
  }
};

function idOf({ where }: Problem, { config }: CheckDeps): string {
  if (where === 'mail.dkim') return 'dkim-missing';
  if (where === config.mail.sendmail) return 'sendmail-missing';
  return where?.startsWith('mail.') === true && !where.startsWith('mail.dkim') ? 'mail-setup' : 'dkim-key';
}

function sentence(problem: Problem): string {
  const place = placeOf(problem);
  return place === undefined ? problem.message : `${problem.message} (${place})`;
}

function keyFiles({ mail: { dkim } }: Config): string[] {
  return dkim === undefined || dkim === 'mta' ? [] : [dkim].flat().map(({ key }) => key);
}

async function fileFindings({ access, config }: CheckDeps, path: string): Promise<Finding[]> {
  // What systemd hands over its user need not be able to read.
  const handedOver = !keyFiles(config).includes(path);
  if (!handedOver && !(await access.can('read', path))) {
    return [
      fail(
        'dkim-key-unreadable',
        `${access.who} cannot read the DKIM key ${path}`,
        `chown root:${access.who} ${path} && chmod 0640 ${path}; or hand it over with LoadCredential= (docs/dkim.md)`,
      ),
    ];
  }
  const { mode } = await stat(path);
  if ((mode & 0o007) === 0) return [];
  return [warn('dkim-key-open', `everybody on this host can read the DKIM key ${path}`, `chmod o= ${path}`)];
}

async function recordFindings({ resolver }: CheckDeps, key: DkimKey): Promise<Finding[]> {
  const name = `${key.selector}._domainkey.${key.domain}`;
  const answer = await resolver.lookup(name, 'TXT');
  if (isAbsent(answer))
    return [fail('dkim-record-missing', `there is no TXT record at ${name}`, recordHelp(key))];
  if (answer.kind !== 'answer') {
    return [
      warn('dkim-record-unknown', `${name} could not be looked up: ${answer.reason}`, 'see to the resolver'),
    ];
  }
  return judgeDkimRecord(answer.records, key);
}
