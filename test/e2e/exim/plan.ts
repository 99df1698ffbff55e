/** What goes wrong at a receiver, to order. */
export type Fault =
  | 'none'
  | 'no-starttls'
  | 'starttls-454'
  | 'starttls-554'
  | 'starttls-close'
  | 'reset-after-hello'
  | 'garbage'
  | 'close-at-ehlo2'
  | 'no-close-notify'
  | 'rcpt-450'
  | 'rcpt-550'
  | 'mail-451';

/** Whose certificate a receiver shows. */
export type Certificate = 'good' | 'self-signed' | 'other-name';

/** One MX host of the little world the tests deliver to. */
export interface Receiver {
  readonly name: string;
  readonly address: string;
  readonly fault: Fault;
  readonly certificate: Certificate;
  /** `match`: `3 1 1` of the very key; `differ`: of another one; `servfail`: the look-up fails. */
  readonly tlsa?: 'match' | 'differ' | 'servfail';
  readonly maxVersion?: 'TLSv1.2';
}

/** A mail domain and the MX hosts that serve it, best first. */
export interface MailDomain {
  readonly name: string;
  readonly hosts: readonly string[];
}

/** All the outer world: names under `.example` are signed (the resolver says AD), those under `.test` are not. */
export interface World {
  /** The address mail leaves from. */
  readonly sender: string;
  readonly resolver: string;
  readonly receivers: readonly Receiver[];
  readonly domains: readonly MailDomain[];
}

/** One connection as its receiver saw it. */
export interface Truth {
  readonly host: string;
  readonly address: string;
  readonly offered: boolean;
  readonly asked: boolean;
  /** What the handshake came to; absent when none was tried. */
  readonly tls?: string;
  readonly resumed?: boolean;
  /** The client spoke SMTP inside TLS: the handshake was good on both sides. */
  readonly spokeInside: boolean;
  readonly recipients: readonly string[];
  readonly delivered: boolean;
  readonly end: string;
}
