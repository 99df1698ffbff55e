import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, configSchema } from '../../src/config.ts';
import type { Day } from '../../src/day.ts';
import { planOutbox } from '../../src/delivery/destinations.ts';
import type { Insistence } from '../../src/delivery/insist.ts';
import { type SendOptions, type SendSummary, sendDue } from '../../src/delivery/send-due.ts';
import { createTransports } from '../../src/delivery/transports.ts';
import type { Ledger, OutboxRow, StoredReport } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';
import type { Report } from '../../src/report/schema.ts';
import { CERTIFICATES } from '../receivers/certificates.ts';

export const DAY: Day = '2026-11-22';
/** Long after every report of the day is due. */
export const MORNING = Date.parse('2026-11-23T06:00:00Z');

type Changes = { readonly [K in 'mail' | 'delivery' | 'report']?: Record<string, unknown> };

/** A directory of its own with a real ledger and real DKIM keys, a clock to be set, and receivers on loopback. */
export interface Lab {
  readonly directory: string;
  readonly config: Config;
  readonly clock: { time: number; now(): number };
  ledger: Ledger;
  /** Freezes a report of {@link DAY} and queues it as the pipeline does. */
  freeze(
    domain: string,
    rua: readonly string[],
    change?: { day?: Day; report?: Report },
  ): Promise<StoredReport>;
  send(options?: SendOptions, insistence?: Insistence): Promise<SendSummary>;
  rows(): Promise<OutboxRow[]>;
  close(): Promise<void>;
}

export async function openLab(changes: Changes = {}): Promise<Lab> {
  const directory = mkdtempSync(join(tmpdir(), 'tlsrpt-delivery-'));
  const config = labConfig(directory, changes);
  const clock = { time: MORNING, now: () => clock.time };
  const lab: Lab = {
    directory,
    config,
    clock,
    ledger: await openLedger(config.state),
    async freeze(domain, rua, { day = DAY, report = sampleReport(domain, day) } = {}) {
      const { rows } = planOutbox(config.delivery, { day, domain, rua, held: false });
      const json = `${JSON.stringify(report)}\n`;
      const stored = { day, domain, revision: 1, reportId: report['report-id'], json, builtAt: clock.time };
      return lab.ledger.freeze(stored, [], rows);
    },
    async send(options, insistence) {
      const transports = await createTransports(config, clock, async () => ['127.0.0.1']);
      try {
        const deps = { ledger: lab.ledger, clock, config, transports };
        return await sendDue({ ...deps, ...(insistence !== undefined && { insistence }) }, options);
      } finally {
        transports.close();
      }
    },
    rows: () => lab.ledger.outbox(),
    async close() {
      await lab.ledger.close();
      rmSync(directory, { recursive: true });
    },
  };
  return lab;
}

export function labConfig(directory: string, changes: Changes = {}): Config {
  const keys = writeKeys(directory);
  return configSchema.parse({
    organization: 'Example Sender',
    contact: 'tls-reports@sender.example',
    state: join(directory, 'state'),
    mail: { dkim: keys, ...changes.mail },
    delivery: {
      'allow-private': true,
      'https-ca': join(CERTIFICATES, 'ca.pem'),
      'https-timeout': 1,
      ...changes.delivery,
    },
    report: { ...changes.report },
  });
}

const KEYS = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  ed25519: generateKeyPairSync('ed25519').privateKey,
};

/** An RSA and an Ed25519 key, as `mail.dkim` names them. */
export function writeKeys(directory: string): { domain: string; selector: string; key: string }[] {
  return Object.entries(KEYS).map(([selector, key]) => {
    const path = join(directory, `${selector}.pem`);
    writeFileSync(path, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    return { domain: 'sender.example', selector, key: path };
  });
}

/** A resolver that knows the keys of {@link writeKeys} and nothing else, for mailauth. */
export async function dkimResolver(name: string): Promise<string[][]> {
  const selector = name.split('.')[0];
  if (selector !== 'rsa' && selector !== 'ed25519')
    throw Object.assign(new Error('unknown name'), { code: 'ENOTFOUND' });
  return [[dkimRecord(KEYS[selector])]];
}

/** The TXT record of a private key, as its owner publishes it (RFC 6376 §3.6.1, RFC 8463 §4). */
function dkimRecord(secret: KeyObject): string {
  const key = createPublicKey(secret);
  const der = key.export({ type: 'spki', format: 'der' });
  return key.asymmetricKeyType === 'ed25519'
    ? `v=DKIM1; k=ed25519; p=${der.subarray(-32).toString('base64')}`
    : `v=DKIM1; k=rsa; p=${der.toString('base64')}`;
}

export function sampleReport(domain: string, day: Day = DAY): Report {
  return {
    'organization-name': 'Example Sender',
    'date-range': { 'start-datetime': `${day}T00:00:00Z`, 'end-datetime': `${day}T23:59:59Z` },
    'contact-info': 'tls-reports@sender.example',
    'report-id': `${day}.${domain}.0123456789.1@sender.example`,
    policies: [
      {
        policy: {
          'policy-type': 'sts',
          'policy-string': ['version: STSv1', 'mode: enforce', `mx: mx.${domain}`, 'max_age: 86400'],
          'policy-domain': domain,
          'mx-host': [`mx.${domain}`],
        },
        summary: { 'total-successful-session-count': 7, 'total-failure-session-count': 3 },
        'failure-details': [
          {
            'result-type': 'certificate-expired',
            'receiving-mx-hostname': `mx.${domain}`,
            'receiving-ip': '192.0.2.25',
            'failed-session-count': 3,
          },
        ],
      },
    ],
  };
}
