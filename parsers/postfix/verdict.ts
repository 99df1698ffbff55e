import type { Connection, Outcome } from './connection.ts';
import type { Fault, Reason } from './reasons.ts';

const HANDSHAKE: Fault = { type: 'validation-failure', reason: 'tls-handshake-failure' };
const NO_STARTTLS: Fault = { type: 'starttls-not-supported' };
const MISMATCH: Fault = { type: 'certificate-host-mismatch' };
const NOT_TRUSTED: Fault = { type: 'certificate-not-trusted' };

/**
 * How a connection ended by its own lines and the reason Postfix gives; undefined where they prove no session. The
 * first word of native TLSRPT wins, then what native would have reported first (one status a connection).
 * @param reason undefined where the delivery line was cut before it.
 */
export function judge(connection: Connection, reason: Reason | undefined): Outcome | undefined {
  const { native, unusable } = connection;
  if (native !== undefined) {
    return { basis: 'tlsrpt-line', ...(native.fault !== undefined && { fault: native.fault }) };
  }
  if (unusable !== undefined) return { basis: 'tls-line', fault: unusable };
  if (connection.broken !== undefined || reason?.kind === 'handshake') return failed(HANDSHAKE);
  switch (reason?.kind) {
    case 'starttls':
      return failed(NO_STARTTLS);
    case 'certificate':
    case 'requiretls-certificate':
      return failed(connection.certificate ?? faultByTrust(connection));
    case undefined:
      return undefined;
    default:
      // A verdict line without a refusal: no match was demanded (loglevel keyword `untrusted`), yet TLS stood.
      return connection.established === undefined && connection.certificate === undefined
        ? undefined
        : { basis: 'tls-line' };
  }
}

/** Without a verdict line: a good chain that did not do can only have borne the wrong name (smtp_proto.c). */
function faultByTrust({ trust }: Connection): Fault {
  return trust === 'trusted' || trust === 'verified' ? MISMATCH : NOT_TRUSTED;
}

function failed(fault: Fault): Outcome {
  return { basis: 'tls-line', fault };
}
