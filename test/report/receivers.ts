import { isIP } from 'node:net';

/**
 * Seven programs that read TLS reports, each as its rules for the document are known from its source and from measured
 * behaviour. Each tells whether the whole report is taken.
 */
export type Receiver = (text: string) => boolean;

type Json = Readonly<Record<string, unknown>>;

const RESULT_TYPES = new Set([
  'starttls-not-supported',
  'certificate-host-mismatch',
  'certificate-expired',
  'certificate-not-trusted',
  'validation-failure',
  'tlsa-invalid',
  'dnssec-invalid',
  'dane-required',
  'sts-policy-fetch-error',
  'sts-policy-invalid',
  'sts-webpki-invalid',
]);
const POLICY_TYPES = new Set(['tlsa', 'sts', 'no-policy-found']);
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isString = (value: unknown): value is string => typeof value === 'string';
const isAbsent = (value: unknown): boolean => value === undefined || value === null;
const isCount = (value: unknown): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isString);
const isZonedTime = (value: unknown): boolean => isString(value) && RFC3339.test(value);
const isBareIp = (value: unknown): boolean =>
  isAbsent(value) || (isString(value) && isIP(value) !== 0 && !value.includes('%'));

function read(text: string): Json | undefined {
  // JavaScript's JSON.parse also refuses a byte order mark, as all seven do.
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

interface Entry {
  readonly policy: Json;
  readonly summary: Json;
  readonly details: unknown;
}

/** The entries of `policies`, or undefined where one of them lacks its shape. */
function entries(report: Json): readonly Entry[] | undefined {
  const { policies } = report;
  if (!Array.isArray(policies)) return undefined;
  const all = policies.map((entry: unknown) => {
    if (!isObject(entry) || !isObject(entry['policy']) || !isObject(entry['summary'])) return undefined;
    return { policy: entry['policy'], summary: entry['summary'], details: entry['failure-details'] };
  });
  return all.every((entry) => entry !== undefined) ? all : undefined;
}

function every(report: Json | undefined, test: (entry: Entry) => boolean): boolean {
  return report !== undefined && entries(report)?.every(test) === true;
}

function eachDetail(details: unknown, test: (detail: Json) => boolean): boolean {
  return Array.isArray(details) && details.every((detail: unknown) => isObject(detail) && test(detail));
}

function counts(summary: Json): unknown[] {
  return [summary['total-successful-session-count'], summary['total-failure-session-count']];
}

function dates(report: Json): unknown[] {
  const range = report['date-range'];
  return isObject(range) ? [range['start-datetime'], range['end-datetime']] : [undefined, undefined];
}

const parsedmarc: Receiver = (text) => {
  const report = read(text);
  const needed = ['organization-name', 'date-range', 'contact-info', 'report-id'];
  return (
    report !== undefined &&
    needed.every((key) => key in report) &&
    dates(report).every(isString) &&
    every(
      report,
      ({ policy, summary, details }) =>
        'policy-domain' in policy &&
        POLICY_TYPES.has(String(policy['policy-type'])) &&
        counts(summary).every((count) => count !== undefined) &&
        (details === undefined ||
          eachDetail(details, (detail) => 'result-type' in detail && 'failed-session-count' in detail)),
    )
  );
};

const stalwart: Receiver = (text) => {
  const report = read(text);
  return (
    report !== undefined &&
    dates(report).every(isString) &&
    every(
      report,
      ({ policy, summary, details }) =>
        isString(policy['policy-type']) &&
        [policy['mx-host'], policy['policy-string']].every((list) => list === undefined || isTexts(list)) &&
        counts(summary).every((count) => count === undefined || isCount(count)) &&
        (details === undefined ||
          eachDetail(
            details,
            (detail) =>
              isString(detail['result-type']) &&
              isBareIp(detail['sending-mta-ip']) &&
              isBareIp(detail['receiving-ip']) &&
              (detail['failed-session-count'] === undefined || isCount(detail['failed-session-count'])),
          )),
    )
  );
};

/** cry-inc/dmarc-report-viewer and kravietz/tlsrpt-rs differ only in the contact. */
function strictStructs(report: Json | undefined): boolean {
  return (
    report !== undefined &&
    isString(report['organization-name']) &&
    isString(report['report-id']) &&
    dates(report).every(isZonedTime) &&
    every(
      report,
      ({ policy, summary, details }) =>
        POLICY_TYPES.has(String(policy['policy-type'])) &&
        isString(policy['policy-domain']) &&
        [policy['mx-host'], policy['policy-string']].every((list) => isAbsent(list) || isTexts(list)) &&
        counts(summary).every(isCount) &&
        (isAbsent(details) ||
          eachDetail(
            details,
            (detail) =>
              RESULT_TYPES.has(String(detail['result-type'])) &&
              isBareIp(detail['sending-mta-ip']) &&
              isBareIp(detail['receiving-ip']) &&
              isCount(detail['failed-session-count']),
          )),
    )
  );
}

const cryInc: Receiver = (text) => strictStructs(read(text));

const tlsrptRs: Receiver = (text) => {
  const report = read(text);
  return strictStructs(report) && isString(report?.['contact-info']);
};

/** mox and isseis/tlsrpt-digest are Go: absent and null are zero values, types are strict. */
function goStructs(report: Json | undefined, isTime: (value: unknown) => boolean): boolean {
  return (
    report !== undefined &&
    dates(report).every(isTime) &&
    every(
      report,
      ({ policy, summary, details }) =>
        [policy['mx-host'], policy['policy-string']].every((list) => isAbsent(list) || isTexts(list)) &&
        counts(summary).every((count) => isAbsent(count) || isCount(count)) &&
        (isAbsent(details) ||
          eachDetail(
            details,
            (detail) =>
              ['result-type', 'sending-mta-ip', 'receiving-ip'].every(
                (key) => isAbsent(detail[key]) || isString(detail[key]),
              ) &&
              (isAbsent(detail['failed-session-count']) || isCount(detail['failed-session-count'])),
          )),
    )
  );
}

const mox: Receiver = (text) =>
  goStructs(read(text), (time) => isZonedTime(time) || isZonedTime(`${String(time)}Z`));

const isseis: Receiver = (text) => {
  const report = read(text);
  return (
    goStructs(report, isZonedTime) && report?.['organization-name'] !== '' && report?.['report-id'] !== ''
  );
};

/** Wants `mx-host` as one string, against the RFC's schema, and addresses in every failure detail. */
const mailTlsrpt: Receiver = (text) =>
  every(
    read(text),
    ({ policy, summary, details }) =>
      (isAbsent(policy['mx-host']) || isString(policy['mx-host'])) &&
      counts(summary).every(isCount) &&
      (details === undefined ||
        eachDetail(details, (detail) =>
          ['sending-mta-ip', 'receiving-ip', 'receiving-mx-hostname'].every((key) => isString(detail[key])),
        )),
  );

export const RECEIVERS: Readonly<Record<string, Receiver>> = {
  parsedmarc,
  stalwart,
  'cry-inc': cryInc,
  'tlsrpt-rs': tlsrptRs,
  mox,
  isseis,
  'Mail::TLSRPT': mailTlsrpt,
};
