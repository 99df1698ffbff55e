/** TXT records by name, of what the resolver of the guides' host answers; every domain has its MX at RECEIVER. */
export interface Zone {
  readonly txt: Readonly<Record<string, readonly string[]>>;
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
};
