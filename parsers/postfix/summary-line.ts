import type { PeerTrust } from 'maillog-tlsrpt/parser';
import { type PeerText, readPeer } from './peer.ts';

/** `Untrusted TLS connection established to N: TLSv1.3 with cipher …` (postfix: tls_misc.c, tls_log_summary). */
export interface SummaryLine {
  /** Absent before 2.6, which had no word for it. */
  readonly trust: PeerTrust | undefined;
  /** false: an old connection was taken up again (`reused`), with no new handshake. */
  readonly established: boolean;
  readonly peer: PeerText;
  readonly version: string | undefined;
  readonly resumed: boolean | undefined;
}

const TRUSTS: readonly (readonly [string, PeerTrust | undefined])[] = [
  ['Trusted ', 'trusted'],
  ['Untrusted ', 'untrusted'],
  ['Verified ', 'verified'],
  ['Anonymous ', 'anonymous'],
  ['', undefined],
];
const ESTABLISHED = 'TLS connection established to ';
const REUSED = 'TLS connection reused to ';
const VERSIONS = new Set(['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv3', 'SSLv2']);

/** Reads a summary of our side (`to`); the server's side says `from`. */
export function readSummary(message: string): SummaryLine | undefined {
  for (const [word, trust] of TRUSTS) {
    if (!message.startsWith(word)) continue;
    const established = message.startsWith(ESTABLISHED, word.length);
    if (!established && !message.startsWith(REUSED, word.length)) continue;
    const peer = readPeer(message, word.length + (established ? ESTABLISHED.length : REUSED.length));
    if (peer === undefined || !message.startsWith(':', peer.end)) return undefined;
    return { trust, established, peer, ...readProtocol(message, peer.end + 2) };
  }
  return undefined;
}

function readProtocol(message: string, start: number): Pick<SummaryLine, 'version' | 'resumed'> {
  const end = message.indexOf(' ', start);
  const version = message.slice(start, end < 0 ? message.length : end);
  return {
    version: VERSIONS.has(version) ? version : undefined,
    resumed: version === 'TLSv1.3' ? isResumed(message, start) : undefined,
  };
}

/**
 * A TLS 1.3 summary without the server's digest is a resumed session: 3.7 keeps `server-signature`, 3.12 drops that
 * too. Without any tail (3.3 and older, a cut line) and with signatures that have no digest nothing can be told.
 */
function isResumed(message: string, start: number): boolean | undefined {
  const tail = message.indexOf(' key-exchange ', start);
  if (tail < 0) return undefined;
  if (message.includes(' server-digest ', tail)) return false;
  return /server-signature (?:Ed25519|Ed448|ML-DSA|MLDSA)|raw public key/i.test(message.slice(tail))
    ? undefined
    : true;
}
