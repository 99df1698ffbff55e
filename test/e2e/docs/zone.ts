/** What the resolver of the guides' host answers, beside an MX at RECEIVER for every name. */
export interface Zone {
  readonly txt: Readonly<Record<string, readonly string[]>>;
  /** A digest for `3 1 1`, by name. */
  readonly tlsa: Readonly<Record<string, string>>;
  /** Domains without a `_smtp._tls` record; every other one has it. */
  readonly noReports: readonly string[];
}

/** The mail server that takes mail for everybody. */
export const RECEIVER = { name: 'mx.receiver.example', address: '203.0.113.25' } as const;

export const SENDER = 'sender.example';

/** The domain of the guides' host, as its admin had it before. */
export const FIRST_ZONE: Zone = {
  txt: {
    [SENDER]: ['v=spf1 mx -all'],
    [`_dmarc.${SENDER}`]: ['v=DMARC1; p=reject'],
    [`_smtp._tls.${SENDER}`]: [`v=TLSRPTv1; rua=mailto:tls-reports@${SENDER}`],
  },
  tlsa: {},
  noReports: [],
};
