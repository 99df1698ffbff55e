import { z } from 'zod';
import { type Day, dayStart } from '../day.ts';
import type { TallyKey } from '../ledger/ledger.ts';
import { sessionRecordSchema } from '../session.ts';

const HOUR_MS = 3_600_000;

/** Sessions of one host, hour and kind. */
export interface CountedKey {
  readonly key: TallyKey;
  readonly count: number;
}

const field = sessionRecordSchema.shape;

/** A tally in a file: host and day stand once, before all of them. Absent values are null. */
const rowSchema = z.tuple([
  z.int().min(0).max(23).describe('hour of the day, UTC'),
  z.string().min(1),
  field.recipientDomain,
  field.outcome,
  field.resultType.unwrap().nullable(),
  field.failureReasonCode.unwrap().nullable(),
  field.receivingMxHostname.unwrap().nullable(),
  field.receivingIp.unwrap().nullable(),
  field.sendingMtaIp.unwrap().nullable(),
  field.peerTrust.unwrap().nullable(),
  field.tlsVersion.unwrap().nullable(),
  field.policyTypeHint.unwrap().nullable(),
  field.basis,
  field.resumed.unwrap().nullable(),
  field.own.unwrap().nullable(),
  z.int().positive().describe('sessions'),
]);

type Row = z.infer<typeof rowSchema>;

/** One line of JSON. */
export function toRow({ key, count }: CountedKey, day: Day): string {
  const row: Row = [
    (key.hour - dayStart(day)) / HOUR_MS,
    key.parser,
    key.recipientDomain,
    key.outcome,
    key.resultType ?? null,
    key.failureReasonCode ?? null,
    key.receivingMxHostname ?? null,
    key.receivingIp ?? null,
    key.sendingMtaIp ?? null,
    key.peerTrust ?? null,
    key.tlsVersion ?? null,
    key.policyTypeHint ?? null,
    key.basis,
    key.resumed ?? null,
    key.own ?? null,
    count,
  ];
  return JSON.stringify(row);
}

/** @throws SyntaxError, ZodError when the line is no tally */
export function fromRow(line: string, host: string, day: Day): CountedKey {
  const [hour, parser, recipientDomain, outcome, ...rest] = rowSchema.parse(JSON.parse(line));
  const [resultType, failureReasonCode, receivingMxHostname, receivingIp, sendingMtaIp, ...judged] = rest;
  const [peerTrust, tlsVersion, policyTypeHint, basis, resumed, own, count] = judged;
  const key: TallyKey = {
    hour: dayStart(day) + hour * HOUR_MS,
    host,
    parser,
    recipientDomain,
    outcome,
    ...(resultType !== null && { resultType }),
    ...(failureReasonCode !== null && { failureReasonCode }),
    ...(receivingMxHostname !== null && { receivingMxHostname }),
    ...(receivingIp !== null && { receivingIp }),
    ...(sendingMtaIp !== null && { sendingMtaIp }),
    ...(peerTrust !== null && { peerTrust }),
    ...(tlsVersion !== null && { tlsVersion }),
    ...(policyTypeHint !== null && { policyTypeHint }),
    basis,
    ...(resumed !== null && { resumed }),
    ...(own !== null && { own }),
  };
  return { key, count };
}
