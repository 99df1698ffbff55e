/** The record types this program asks for. */
export type DnsType = 'A' | 'AAAA' | 'CNAME' | 'MX' | 'TLSA' | 'TXT';

/** RFC 6698 §2.1. */
export interface Tlsa {
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  /** Hex, lower case. */
  readonly data: string;
}

/** What a record of a type holds; names are lower case, without a trailing dot, the root is ''. */
export interface DnsRecords {
  A: string;
  AAAA: string;
  CNAME: string;
  MX: { readonly preference: number; readonly exchange: string };
  TLSA: Tlsa;
  /** The strings of one record, joined without blanks (RFC 7208 §3.3); bytes that are no UTF-8 become U+FFFD. */
  TXT: string;
}

interface Settled {
  /** The name the question ended at, after CNAMEs; the question's own if there were none. */
  readonly name: string;
  /** Whether a resolver we believe vouches for the whole answer, CNAMEs included (AD, RFC 6840 §5.8). */
  readonly secure: boolean;
  /** Seconds it may be kept. */
  readonly ttl: number;
}

/** Neither says anything of the name: nothing may be concluded from it but that DANE hosts are to be avoided. */
export type DnsFault =
  /** The resolver validates and refused the answer (RFC 4035 §5.5). */
  | { readonly kind: 'bogus'; readonly reason: string }
  /** No answer now. */
  | {
      readonly kind: 'temporary';
      readonly reason: string;
      /** A server did speak, and failed at this very name (SERVFAIL); else nobody could be asked at all. */
      readonly answered: boolean;
    };

/** All a look-up can come to. The two faults are told from absence: only absence may drop data. */
export type DnsAnswer<T extends DnsType = DnsType> =
  | (Settled & { readonly kind: 'answer'; readonly records: readonly DnsRecords[T][] })
  | (Settled & { readonly kind: 'nodata' })
  | (Settled & { readonly kind: 'nxdomain' })
  | DnsFault;

/** A question left open by a fault, with the reason; `answered` as in {@link DnsFault}. */
export interface Unanswered {
  readonly kind: 'temporary';
  readonly reason: string;
  readonly answered: boolean;
}

/** Asks the DNS. Never throws: faults are answers. */
export interface Resolver {
  lookup<T extends DnsType>(name: string, type: T): Promise<DnsAnswer<T>>;
}

/** Whether the answer says that there is no such record, as opposed to that it could not be had. */
export function isAbsent<T extends DnsType>(
  answer: DnsAnswer<T>,
): answer is Settled & { readonly kind: 'nodata' | 'nxdomain' } {
  return answer.kind === 'nodata' || answer.kind === 'nxdomain';
}

/** Whether the answer is a fault, after which one must ask again later. */
export function isFault<T extends DnsType>(answer: DnsAnswer<T>): answer is DnsFault {
  return answer.kind === 'bogus' || answer.kind === 'temporary';
}
