import {
  type Answer,
  AUTHENTIC_DATA,
  CHECKING_DISABLED,
  type DecodedPacket,
  decode,
  encode,
  RECURSION_DESIRED,
} from 'dns-packet';
import type { DnsRecords, DnsType } from './dns.ts';

/** Payload size that passes without fragments nearly everywhere (DNS flag day 2020). */
const EDNS_SIZE = 1232;
const RESPONSE_BIT = 0x8000;
const TRUNCATED_BIT = 0x0200;
/** Longest alias chain followed inside one answer. */
const MAX_ALIASES = 16;
/** RFC 8914: the codes by which a resolver says that validation failed. */
const BOGUS_CODES: ReadonlyMap<number, string> = new Map([
  [5, 'DNSSEC indeterminate'],
  [6, 'DNSSEC bogus'],
  [7, 'signature expired'],
  [8, 'signature not yet valid'],
  [9, 'DNSKEY missing'],
  [10, 'signatures missing'],
  [11, 'no zone key bit set'],
  [12, 'proof of absence missing'],
]);
const EDE_OPTION = 15;
const NO_SUCH_NAME = 3;

/** What a DNS server is asked. */
export interface Question {
  readonly name: string;
  readonly type: DnsType;
}

/** A reply to our question, read as far as this program needs it. */
export interface Reply {
  readonly rcode: number;
  readonly truncated: boolean;
  /** AD: the resolver says it validated the answer. */
  readonly authentic: boolean;
  /** The name after all aliases in the answer. */
  readonly name: string;
  readonly records: readonly DnsRecords[DnsType][];
  /** Seconds: the lowest TTL on the way, or the negative TTL (RFC 2308 §5). */
  readonly ttl: number;
  /** An authority SOA shows that the absence is meant, not an alias left unfollowed. */
  readonly hasSoa: boolean;
  /** The resolver's own words for a failed validation (RFC 8914). */
  readonly bogusReason?: string;
}

/** A query with a random id of the caller's; AD asks for the verdict without the signatures (RFC 6840 §5.7). */
export function encodeQuery(
  id: number,
  question: Question,
  options: { readonly checkingDisabled: boolean; readonly edns: boolean },
): Buffer {
  const checking = options.checkingDisabled ? CHECKING_DISABLED : 0;
  return encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED | AUTHENTIC_DATA | checking,
    questions: [{ type: question.type, name: question.name, class: 'IN' }],
    ...(options.edns && {
      additionals: [
        {
          type: 'OPT' as const,
          name: '.' as const,
          udpPayloadSize: EDNS_SIZE,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ],
    }),
  });
}

/** Reads a datagram as the reply to a query; undefined if it is not, or cannot be read: then one waits on. */
export function decodeReply(data: Buffer, id: number, question: Question): Reply | undefined {
  if (data.length < 12 || data.readUInt16BE(0) !== id) return undefined;
  const flags = data.readUInt16BE(2);
  if ((flags & RESPONSE_BIT) === 0) return undefined;
  const truncated = (flags & TRUNCATED_BIT) !== 0;
  // The rest of a truncated reply may end anywhere: only its question is read.
  const packet = tryDecode(truncated ? withoutRecords(data) : data);
  if (packet === undefined || !isQuestion(packet, question)) return undefined;
  const rcode = rcodeOf(packet);
  // Without its question a reply may refuse, but never say that the name does not exist.
  if ((packet.questions ?? []).length === 0 && rcode === NO_SUCH_NAME) return undefined;
  return { ...readAnswers(packet, question), rcode, truncated };
}

function tryDecode(data: Buffer): DecodedPacket | undefined {
  try {
    return decode(data);
  } catch {
    return undefined;
  }
}

function withoutRecords(data: Buffer): Buffer {
  const copy = Buffer.from(data);
  copy.fill(0, 6, 12);
  return copy;
}

function isQuestion(packet: DecodedPacket, question: Question): boolean {
  const [asked, ...more] = packet.questions ?? [];
  // Old servers refuse with the bare header; it settles nothing, so there is nothing to gain by forging it.
  if (asked === undefined) return ((packet.flags ?? 0) & 0xf) !== 0 && (packet.answers ?? []).length === 0;
  return (
    more.length === 0 &&
    plainName(asked.name) === plainName(question.name) &&
    asked.type === question.type &&
    asked.class === 'IN'
  );
}

function rcodeOf(packet: DecodedPacket): number {
  const opt = packet.additionals?.find((answer) => answer.type === 'OPT');
  return ((packet.flags ?? 0) & 0xf) + ((opt?.type === 'OPT' ? opt.extendedRcode : 0) << 4);
}

function readAnswers(packet: DecodedPacket, question: Question): Omit<Reply, 'rcode' | 'truncated'> {
  const answers = packet.answers ?? [];
  let name = plainName(question.name);
  let ttl = Number.POSITIVE_INFINITY;
  for (let step = 0; step < MAX_ALIASES && question.type !== 'CNAME'; step++) {
    const alias = answers.find((answer) => answer.type === 'CNAME' && plainName(answer.name) === name);
    if (alias === undefined || alias.type !== 'CNAME') break;
    name = plainName(alias.data);
    ttl = Math.min(ttl, alias.ttl ?? 0);
  }
  const records: DnsRecords[DnsType][] = [];
  for (const answer of answers) {
    if (answer.type !== question.type || plainName(answer.name) !== name) continue;
    const record = toRecord(answer);
    if (record === undefined) continue;
    records.push(record);
    ttl = Math.min(ttl, 'ttl' in answer ? (answer.ttl ?? 0) : 0);
  }
  const soa = packet.authorities?.find((answer) => answer.type === 'SOA');
  if (records.length === 0 && soa?.type === 'SOA') ttl = Math.min(ttl, soa.ttl ?? 0, soa.data.minimum ?? 0);
  const bogusReason = extendedError(packet);
  return {
    name,
    records,
    ttl: Number.isFinite(ttl) ? ttl : 0,
    authentic: packet.flag_ad,
    hasSoa: soa !== undefined,
    ...(bogusReason !== undefined && { bogusReason }),
  };
}

function toRecord(answer: Answer): DnsRecords[DnsType] | undefined {
  switch (answer.type) {
    case 'A':
    case 'AAAA':
      return answer.data;
    case 'CNAME':
      return plainName(answer.data);
    case 'MX':
      return { preference: answer.data.preference ?? 0, exchange: plainName(answer.data.exchange) };
    case 'TLSA': {
      const { usage, selector, matchingType, certificate } = answer.data;
      return { usage, selector, matchingType, data: certificate.toString('hex') };
    }
    case 'TXT': {
      const parts = Array.isArray(answer.data) ? answer.data : [answer.data];
      return Buffer.concat(parts.map((part) => Buffer.from(part))).toString('utf8');
    }
    default:
      return undefined;
  }
}

function extendedError(packet: DecodedPacket): string | undefined {
  const opt = packet.additionals?.find((answer) => answer.type === 'OPT');
  if (opt?.type !== 'OPT') return undefined;
  for (const { code, data } of opt.options) {
    if (Number(code) !== EDE_OPTION || data === undefined || data.length < 2) continue;
    const reason = BOGUS_CODES.get(data.readUInt16BE(0));
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function plainName(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}
