import type { IngestBatch, Ledger, TallyKey } from '../../src/ledger/ledger.ts';

export const HOUR = Date.parse('2026-11-20T10:00:00Z');
export const HOUR_MS = 3_600_000;
export const NOON = Date.parse('2026-11-21T12:00:00Z');

export const success: TallyKey = {
  hour: HOUR,
  host: 'mta1',
  parser: 'postfix',
  recipientDomain: 'example.org',
  outcome: 'success',
  receivingMxHostname: 'mx.example.org',
  peerTrust: 'trusted',
  tlsVersion: 'TLSv1.3',
  resumed: false,
  basis: 'tls-line',
};
export const failure: TallyKey = {
  ...success,
  outcome: 'failure',
  resultType: 'validation-failure',
  failureReasonCode: 'tls-handshake-failure',
  receivingIp: '192.0.2.25',
};

export const REPORT = {
  day: '2026-11-20',
  domain: 'example.org',
  revision: 1,
  reportId: 'r1',
  json: '{}',
  builtAt: NOON,
};

/** What a batch counts. */
export function sessions(...entries: [TallyKey, number][]): IngestBatch['sessions'] {
  return new Map(entries.map(([key, count]) => [JSON.stringify(key), { key, count }]));
}

/** A batch upon the newest state of the log, of two successes unless it is changed. */
export async function batchOf(ledger: Ledger, change: Partial<IngestBatch> = {}): Promise<IngestBatch> {
  const log = await ledger.log('mta1', 'postfix', '/var/log/mail.log');
  return {
    logId: log.id,
    ingestedAt: NOON,
    sessions: sessions([success, 2]),
    openChanged: [],
    openDeleted: [],
    expectedVersion: log.version,
    refuseOverlap: false,
    ...change,
  };
}
