import { type IncomingMessage, request } from 'node:http';
import { connect, type TLSSocket } from 'node:tls';
import { admit, type Resolve } from '../delivery/guard.ts';
import { AddressLookupFailed } from './addresses.ts';

/** RFC 8461 §3.3 suggests both bounds. */
const MAX_BYTES = 65_536;
const TIMEOUT_MS = 60_000;
const MEDIA_TYPE = 'text/plain';

/** How MTA-STS policies are fetched. */
export interface FetchOptions {
  /** Addresses of the policy host; throws where nobody could be asked. */
  readonly resolve: Resolve;
  /** Loopback and private hosts too; for tests. */
  readonly allowPrivate?: boolean;
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string;
  /** ms for the whole fetch. */
  readonly timeoutMs?: number;
  /** 443 but in tests. */
  readonly port?: number;
}

/** What a fetch came to; reasons are words of a closed list, for they become failure-reason-codes. */
export type Fetched =
  | { readonly kind: 'body'; readonly body: Uint8Array }
  | {
      readonly kind: 'error';
      readonly resultType: 'sts-policy-fetch-error' | 'sts-webpki-invalid';
      readonly reason: string;
    }
  /** The DNS did not answer: this says nothing of the policy host. */
  | { readonly kind: 'temporary'; readonly reason: string };

/**
 * Fetches `https://mta-sts.<domain>/.well-known/mta-sts.txt` as RFC 8461 §3.3 has it: WebPKI certificate for that
 * name, status 200 alone, no redirects, text/plain, at most 64 KiB in a minute, and only from public addresses.
 */
export async function fetchStsPolicy(domain: string, options: FetchOptions): Promise<Fetched> {
  const host = `mta-sts.${domain}`;
  const addresses = await addressesOf(host, options.resolve);
  if ('kind' in addresses) return addresses;
  const admission = await admit(host, async () => addresses, options.allowPrivate === true);
  if (admission.kind === 'refused') return failed('policy-host-address-not-public');
  if (admission.kind === 'unknown') return failed('policy-host-has-no-address');
  const deadline = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  let last: Fetched = failed('policy-host-unreachable');
  for (const address of admission.addresses) {
    last = await fetchFrom(address, host, options, deadline);
    // Another address is tried only where this one could not be reached at all.
    if (last.kind !== 'error' || last.reason !== 'policy-host-unreachable') return last;
  }
  return last;
}

async function addressesOf(host: string, resolve: Resolve): Promise<readonly string[] | Fetched> {
  try {
    return await resolve(host);
  } catch (error) {
    if (error instanceof AddressLookupFailed && error.answered) return failed('policy-host-lookup-failed');
    return { kind: 'temporary', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function fetchFrom(
  address: string,
  host: string,
  options: FetchOptions,
  deadline: AbortSignal,
): Promise<Fetched> {
  const secured = await openTls(address, host, options, deadline);
  if ('kind' in secured) return secured;
  try {
    return await get(secured.socket, host, deadline);
  } finally {
    secured.socket.destroy();
  }
}

/** Opens TLS to a checked address and judges the certificate before a word is said. */
function openTls(
  address: string,
  host: string,
  options: FetchOptions,
  deadline: AbortSignal,
): Promise<Fetched | { readonly socket: TLSSocket }> {
  return new Promise((resolve) => {
    const socket = connect({
      host: address,
      port: options.port ?? 443,
      servername: host,
      // Judged below, where the cause can be told from other faults of the connection.
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2',
      ...(options.ca !== undefined && { ca: options.ca }),
    });
    const settle = (result: Fetched | { readonly socket: TLSSocket }): void => {
      deadline.removeEventListener('abort', expire);
      if ('kind' in result) socket.destroy();
      resolve(result);
    };
    const expire = (): void => settle(failed('fetch-timed-out'));
    deadline.addEventListener('abort', expire);
    if (deadline.aborted) expire();
    let reached = false;
    socket.on('connect', () => {
      reached = true;
    });
    socket.on('error', () => settle(failed(reached ? 'tls-handshake-failed' : 'policy-host-unreachable')));
    socket.on('close', () => settle(failed(reached ? 'tls-handshake-failed' : 'policy-host-unreachable')));
    socket.on('secureConnect', () => {
      if (socket.authorized) settle({ socket });
      else settle(webPki(certificateFault(socket)));
    });
  });
}

function certificateFault(socket: TLSSocket): string {
  const code = String(socket.authorizationError);
  const known: Record<string, string> = {
    CERT_HAS_EXPIRED: 'certificate-expired',
    CERT_NOT_YET_VALID: 'certificate-not-yet-valid',
    ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-host-mismatch',
    DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-self-signed',
    SELF_SIGNED_CERT_IN_CHAIN: 'certificate-self-signed-in-chain',
  };
  return known[code] ?? 'certificate-not-trusted';
}

function get(socket: TLSSocket, host: string, deadline: AbortSignal): Promise<Fetched> {
  return new Promise((resolve) => {
    const sent = request({
      method: 'GET',
      host,
      path: '/.well-known/mta-sts.txt',
      headers: { 'User-Agent': 'maillog-tlsrpt', Accept: MEDIA_TYPE, Connection: 'close' },
      createConnection: () => socket,
    });
    const settle = (result: Fetched): void => {
      deadline.removeEventListener('abort', expire);
      sent.destroy();
      resolve(result);
    };
    const expire = (): void => settle(failed('fetch-timed-out'));
    deadline.addEventListener('abort', expire);
    if (deadline.aborted) expire();
    sent.on('error', () => settle(failed('http-connection-broken')));
    sent.on('response', (response) => {
      const refused = refusal(response);
      if (refused !== undefined) settle(refused);
      else readBody(response, settle);
    });
    sent.end();
  });
}

function refusal(response: IncomingMessage): Fetched | undefined {
  const status = response.statusCode ?? 0;
  if (status !== 200) return failed(`http-status-${status}`);
  const type = (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  return type === MEDIA_TYPE ? undefined : failed('media-type-not-text-plain');
}

function readBody(response: IncomingMessage, settle: (result: Fetched) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_BYTES) settle(failed('policy-larger-than-64-kib'));
    else chunks.push(chunk);
  });
  response.on('error', () => settle(failed('http-connection-broken')));
  response.on('end', () =>
    settle(
      response.complete ? { kind: 'body', body: Buffer.concat(chunks) } : failed('http-connection-broken'),
    ),
  );
}

function failed(reason: string): Fetched {
  return { kind: 'error', resultType: 'sts-policy-fetch-error', reason };
}

function webPki(reason: string): Fetched {
  return { kind: 'error', resultType: 'sts-webpki-invalid', reason };
}
