import type { SessionSum } from '../ledger/sums.ts';

/** What a session's TLS was worth, from best to worst; each session is in exactly one class. */
export const TLS_CLASSES = ['verified', 'trusted', 'untrusted', 'unsaid', 'plaintext', 'failed'] as const;
export type TlsClass = (typeof TLS_CLASSES)[number];

/** Sessions by class. */
export type ClassCounts = Readonly<Record<TlsClass, number>>;

/** The classes in the words of the page. */
export const CLASS_WORDS: Record<TlsClass, { readonly title: string; readonly meaning: string }> = {
  verified: { title: 'Verified', meaning: 'the certificate matched what DANE or MTA-STS demanded' },
  trusted: {
    title: 'Trusted',
    meaning: 'encrypted; the certificate is from a known authority, its name was not compared',
  },
  untrusted: {
    title: 'Untrusted',
    meaning: 'encrypted; the certificate proves nothing, or the MTA knows no authorities',
  },
  unsaid: {
    title: 'TLS, trust unknown',
    meaning: 'encrypted; the log does not say what the certificate was',
  },
  plaintext: { title: 'Plaintext', meaning: 'clear text: STARTTLS was not offered, or refused' },
  failed: { title: 'Failed', meaning: 'no session came about that the policy, or TLS itself, allowed' },
};

/** The class of a session as the log tells it; what a policy makes of it stands in the report. */
export function tlsClassOf(sum: Pick<SessionSum, 'outcome' | 'resultType' | 'peerTrust'>): TlsClass {
  if (sum.outcome === 'failure') return sum.resultType === 'starttls-not-supported' ? 'plaintext' : 'failed';
  if (sum.peerTrust === 'anonymous') return 'untrusted';
  return sum.peerTrust ?? 'unsaid';
}

/** Counts to add to. */
export function noCounts(): Record<TlsClass, number> {
  return { verified: 0, trusted: 0, untrusted: 0, unsaid: 0, plaintext: 0, failed: 0 };
}

/** The sessions of all classes. */
export function totalOf(counts: ClassCounts): number {
  return TLS_CLASSES.reduce((total, name) => total + counts[name], 0);
}
