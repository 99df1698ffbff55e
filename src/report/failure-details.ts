import type { Tally } from '../ledger/ledger.ts';
import { isPublicAddress } from '../public-address.ts';
import { RESULT_TYPES, type ResultType } from '../result-type.ts';
import type { FailureDetail } from './schema.ts';
import { wireText } from './wire-text.ts';

/** What may be said of the sending address. */
export interface SendingIpRules {
  /** Never say it. */
  readonly mask: boolean;
  /** Say it even where it is private. */
  readonly private: boolean;
}

/** A failure as one attribution tells it. */
export interface Failure {
  readonly resultType: ResultType;
  readonly failureReasonCode?: string;
  /** The fault came before any connection: neither MX nor addresses belong to it (RFC 8460 §4.4). */
  readonly beforeConnection?: boolean;
}

/** One failure detail without its count, in the RFC's order of fields, unknown ones left out. */
export function failureDetail(
  tally: Tally,
  failure: Failure,
  rules: SendingIpRules,
): Omit<FailureDetail, 'failed-session-count'> {
  const reason = wireText(failure.failureReasonCode ?? '');
  const met = failure.beforeConnection !== true;
  const sendingIp = met && !rules.mask ? tally.sendingMtaIp : undefined;
  const mayBeSaid = sendingIp !== undefined && (rules.private || isPublicAddress(sendingIp));
  return {
    'result-type': failure.resultType,
    ...(mayBeSaid && { 'sending-mta-ip': sendingIp }),
    ...(met &&
      tally.receivingMxHostname !== undefined && { 'receiving-mx-hostname': tally.receivingMxHostname }),
    ...(met && tally.receivingIp !== undefined && { 'receiving-ip': tally.receivingIp }),
    ...(reason !== undefined && { 'failure-reason-code': reason }),
  };
}

/** Failure details merged by all their fields; counts add up. */
export class FailureDetails {
  readonly #counts = new Map<
    string,
    { detail: Omit<FailureDetail, 'failed-session-count'>; count: number }
  >();

  add(detail: Omit<FailureDetail, 'failed-session-count'>, count: number): void {
    const key = JSON.stringify(detail);
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { detail, count });
    else known.count += count;
  }

  /**
   * The details in a fixed order. Beyond `limit` the rarest are folded into one a result type, so that the counts
   * stay exact; there is always room for that one.
   */
  list(limit: number): { readonly details: FailureDetail[]; readonly folded: number } {
    const all = [...this.#counts.values()].map(({ detail, count }) => withCount(detail, count));
    if (all.length <= limit) return { details: all.sort(inOrder), folded: 0 };
    const types = new Set(all.map((detail) => detail['result-type']));
    all.sort((a, b) => b['failed-session-count'] - a['failed-session-count'] || inOrder(a, b));
    const kept = Math.max(0, limit - types.size);
    const short = new FailureDetails();
    for (const [at, { 'failed-session-count': count, ...detail }] of all.entries())
      short.add(at < kept ? detail : { 'result-type': detail['result-type'] }, count);
    return { details: short.list(Number.POSITIVE_INFINITY).details, folded: all.length - kept };
  }
}

function withCount(detail: Omit<FailureDetail, 'failed-session-count'>, count: number): FailureDetail {
  const { 'failure-reason-code': reason, ...rest } = detail;
  return {
    ...rest,
    'failed-session-count': count,
    ...(reason !== undefined && { 'failure-reason-code': reason }),
  };
}

const KEYS = [
  'receiving-mx-hostname',
  'receiving-ip',
  'sending-mta-ip',
  'failure-reason-code',
] as const satisfies readonly (keyof FailureDetail)[];

function inOrder(a: FailureDetail, b: FailureDetail): number {
  const byType = RESULT_TYPES.indexOf(a['result-type']) - RESULT_TYPES.indexOf(b['result-type']);
  if (byType !== 0) return byType;
  for (const key of KEYS) {
    const [left, right] = [a[key] ?? '', b[key] ?? ''];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
