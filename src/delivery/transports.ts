import { readFile } from 'node:fs/promises';
import type { Agent } from 'node:https';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { EXIT, Problem, systemReason } from '../errors.ts';
import { toDirectory } from './directory.ts';
import { type Resolve, systemResolve } from './guard.ts';
import type { Handover } from './handover.ts';
import { httpsAgent, postReport } from './https.ts';
import { loadMailSetup, type MailSetup } from './mail-setup.ts';
import { sendmailWay } from './sendmail.ts';
import { type MailWay, smtpWay } from './smtp.ts';

/** The ways out of the house. */
export interface Transports {
  /** Sender and signatures of the mails. */
  readonly setup: MailSetup;
  readonly mail: MailWay;
  post(url: URL, gzip: Uint8Array): Promise<Handover>;
  write(directory: string, name: string, gzip: Uint8Array): Promise<Handover>;
  close(): void;
}

/**
 * The ways out as configured, proven before the first report is touched.
 * @param resolve finds addresses of https receivers; default: the resolvers of `dns.servers`
 * @throws Problem (config)
 */
export async function createTransports(
  config: Config,
  clock: Clock,
  resolve: Resolve = systemResolve(config.dns.servers),
): Promise<Transports> {
  const setup = await loadMailSetup(config);
  const { mail, delivery } = config;
  const way = mail.via === 'sendmail' ? sendmailWay(mail.sendmail) : await smtpWay(mail, setup.password);
  const https = {
    resolve,
    clock,
    allowPrivate: delivery['allow-private'],
    timeout: delivery['https-timeout'],
    agent: await agentFor(delivery['https-ca']),
  };
  return {
    setup,
    mail: way,
    post: (url, gzip) => postReport(url, gzip, https),
    write: toDirectory,
    close: () => way.close(),
  };
}

/** @throws Problem (config) if the file of further authorities is no use */
async function agentFor(path: string | undefined): Promise<Agent> {
  try {
    return httpsAgent(path === undefined ? undefined : await readFile(path, 'utf8'));
  } catch (error) {
    throw new Problem(EXIT.config, `delivery.https-ca cannot be used: ${systemReason(error)}`, {
      where: path,
    });
  }
}
