import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { demandFile } from '../config/credential.ts';
import type { Config } from '../config.ts';
import { isDomain, toDomain } from '../domain.ts';
import { EXIT, Problem, systemReason } from '../errors.ts';
import { submitterOf } from '../report/names.ts';
import { type DkimKey, loadDkimKey } from './dkim.ts';

/** Everything a report mail needs, proven at start. */
export interface MailSetup {
  /** From and envelope sender. */
  readonly from: string;
  /** The domain of `contact`, of `from` and of every signature. */
  readonly submitter: string;
  /** Empty only where the MTA signs. */
  readonly keys: readonly DkimKey[];
  /** For the smart host. */
  readonly password?: string;
}

/**
 * Reads keys and password, before anything is built or sent, and sees that contact, sender and signatures are of one domain (RFC 8460 §3, §5.3).
 * @throws Problem (config)
 */
export async function loadMailSetup(config: Config): Promise<MailSetup> {
  const submitter = submitterOf(config.contact);
  const from = config.mail.from ?? config.contact;
  if (submitterOf(from) !== submitter)
    throw new Problem(EXIT.config, `mail.from (${from}) is not of the domain of contact (${submitter})`, {
      where: 'mail.from',
      help: 'receivers compare the two: use an address of that domain, or leave mail.from out',
    });
  const keys = await loadKeys(config, submitter);
  if (config.mail.via === 'sendmail') await checkProgram(config.mail.sendmail);
  const password = await readPassword(config.mail);
  return { from, submitter, keys, ...(password !== undefined && { password }) };
}

async function loadKeys(config: Config, submitter: string): Promise<DkimKey[]> {
  const { dkim } = config.mail;
  if (dkim === 'mta') return [];
  if (dkim === undefined)
    throw new Problem(EXIT.config, 'mail.dkim is not set, and receivers ignore unsigned reports', {
      where: 'mail.dkim',
      help: 'set mail.dkim to {domain, selector, key}, or to "mta" if your MTA signs mail of this host',
    });
  const list = Array.isArray(dkim) ? dkim : [dkim];
  for (const { domain, selector } of list) checkNames(domain, selector, submitter);
  return Promise.all(list.map((key) => loadDkimKey({ ...key, domain: submitter })));
}

function checkNames(domain: string, selector: string, submitter: string): void {
  if (toDomain(domain) !== submitter)
    throw new Problem(
      EXIT.config,
      `mail.dkim.domain (${domain}) is not the domain of contact (${submitter})`,
      {
        where: 'mail.dkim.domain',
        help: `receivers look for a signature of ${submitter}; sign with a key of that domain`,
      },
    );
  if (!isDomain(`${selector.toLowerCase()}._domainkey`))
    throw new Problem(EXIT.config, `mail.dkim.selector "${selector}" cannot be part of a DNS name`, {
      where: 'mail.dkim.selector',
      help: 'use letters, digits, "-" and "."',
    });
}

async function checkProgram(path: string): Promise<void> {
  try {
    await access(path, constants.X_OK);
  } catch (error) {
    throw new Problem(EXIT.config, `mail.sendmail cannot be run: ${systemReason(error)}`, {
      where: path,
      help: 'name your MTA\'s sendmail program, or set mail.via to "smtp://127.0.0.1:25"',
    });
  }
}

async function readPassword(mail: Config['mail']): Promise<string | undefined> {
  const path = mail['password-file'];
  if ((mail.user === undefined) !== (path === undefined))
    throw new Problem(EXIT.config, 'mail.user and mail.password-file belong together', {
      where: 'mail.user',
    });
  if (path === undefined) return undefined;
  if (mail.tls === 'none' && !mail.via.startsWith('smtps:'))
    throw new Problem(EXIT.config, 'mail.tls: none would send the password in clear text', {
      where: 'mail.tls',
    });
  demandFile(path);
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    throw new Problem(EXIT.config, `the password file cannot be read: ${systemReason(error)}`, {
      where: path,
    });
  }
}
