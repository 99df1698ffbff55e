import { notice } from './notices.ts';
import { readPeer } from './peer.ts';
import { readUnusable } from './policy-lines.ts';
import { type ProxyNote, takeNote } from './proxy-notes.ts';
import type { TextReading } from './reading.ts';
import { type Rule, ruleOfOther } from './rules.ts';
import { readSummary } from './summary-line.ts';
import { readTlsrptLine } from './tlsrpt-line.ts';
import { readCertificateLine, readResumedUntrusted } from './verdict-lines.ts';

/** postscreen(8) has the TLS of its clients made by tlsproxy too. */
const INBOUND = /^\w+ TLS connection (?:established|reused) from /;

/**
 * Reads a line of tlsproxy (3.4+). Summaries are left to the smtp process, which prints them again; what failed is
 * told here only and is kept until the smtp line asks for it.
 */
export function readTlsproxyLine(reading: TextReading): Rule {
  const { message } = reading.entry;
  if (readSummary(message) !== undefined) return 'tlsproxy-summary';
  if (INBOUND.test(message)) return 'tlsproxy-inbound';
  const { entry, open } = reading;
  const native = readTlsrptLine(message);
  if (native !== undefined) {
    notice(entry, open, 'native-tlsrpt');
    const { domain, fault } = native;
    const word = { time: entry.time, domain, ...(fault !== undefined && { fault }) };
    note(reading, native.peer ?? '', { native: word });
    return 'tlsrpt';
  }
  const certificate = readCertificateLine(message);
  if (certificate !== undefined) {
    note(reading, certificate.peer.name, { certificate: certificate.fault });
    return 'certificate-verdict';
  }
  const unusable = readUnusable(message);
  if (unusable !== undefined) {
    note(reading, unusable.peer.name, { unusable: unusable.fault });
    return 'all-unusable';
  }
  const resumed = readResumedUntrusted(message);
  if (resumed !== undefined) {
    note(reading, resumed.name, { resumed: true });
    return 'resumed-untrusted';
  }
  return takeHandshake(reading) ?? ruleOfOther(message);
}

const HANDSHAKE_FAILED = 'TLS handshake failed for service=';

/** `TLS handshake failed for service=smtp peer=[A]:port`: neither host name nor cause. */
function takeHandshake(reading: TextReading): Rule | undefined {
  const { message } = reading.entry;
  if (!message.startsWith(HANDSHAKE_FAILED)) return undefined;
  if (message.startsWith('smtpd ', HANDSHAKE_FAILED.length)) return 'tlsproxy-inbound';
  const at = message.indexOf(' peer=[');
  // readPeer wants a host before the bracket; here there is none.
  const peer = at < 0 ? undefined : readPeer(message, at + 5);
  if (peer !== undefined) note(reading, peer.name.slice(1), { broken: true });
  return 'tlsproxy-handshake-failed';
}

function note({ entry, open, emit, settings }: TextReading, name: string, part: Partial<ProxyNote>): void {
  takeNote(entry, open, { name }, part, emit, settings);
}
