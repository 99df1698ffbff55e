import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { createSecureContext, rootCertificates, TLSSocket } from 'node:tls';
import type { Clock } from '../clock.ts';
import { admit, type Resolve } from './guard.ts';
import { type Handover, oneLine } from './handover.ts';

/** How reports are posted. */
export interface HttpsOptions {
  readonly resolve: Resolve;
  /** Only for `Retry-After` given as a date. */
  readonly clock: Clock;
  /** Loopback and private receivers too; for tests. */
  readonly allowPrivate: boolean;
  /** Time for one whole POST, ms. */
  readonly timeout: number;
  /** From {@link httpsAgent}. */
  readonly agent: Agent;
}

/** An answer is read up to here; nothing in it matters but its status. */
const MAX_ANSWER = 65_536;

/** ms an answer's body may take once its status is known. */
const MAX_DRAIN = 3000;

/** 4xx that say "later" rather than "never" (RFC 9110 §15.5, RFC 6585 §4). */
const LATER = new Set([408, 421, 423, 425, 429]);

/**
 * What all posts share: the trusted authorities, read once, for that takes longer than a POST. A connection serves one
 * POST, and its certificate is judged anew each time; a fault is looked up afterwards instead of ending the connection.
 * @param ca PEM certificates to trust beside the system's
 */
export function httpsAgent(ca?: string): Agent {
  const secureContext =
    ca === undefined ? createSecureContext() : createSecureContext({ ca: [...rootCertificates, ca] });
  return new Agent({ secureContext, keepAlive: false, maxCachedSessions: 0, rejectUnauthorized: false });
}

/**
 * Posts a compressed report (RFC 8460 §5.4): no parameters, no Content-Encoding, no redirects, 2xx alone is success.
 * The certificate is checked; where that alone fails, the report is posted all the same, as §5.4 allows, and the note
 * says so.
 */
export async function postReport(url: URL, gzip: Uint8Array, options: HttpsOptions): Promise<Handover> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const admission = await admit(host, options.resolve, options.allowPrivate);
  if (admission.kind === 'refused') return { kind: 'permanent', reason: admission.reason };
  if (admission.kind === 'unknown') return { kind: 'temporary', reason: admission.reason, unreachable: true };
  try {
    const answer = await post(url, gzip, admission.addresses, options);
    return verdict(answer, options.clock);
  } catch (error) {
    return { kind: 'temporary', reason: failureReason(error), unreachable: true };
  }
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** Why the certificate did not convince; undefined where it did. */
  readonly certificateFault: string | undefined;
}

function post(
  url: URL,
  gzip: Uint8Array,
  addresses: readonly string[],
  options: HttpsOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const name = url.hostname.replace(/^\[|\]$/g, '');
    const sent = request(url, {
      method: 'POST',
      agent: options.agent,
      lookup: pinned(addresses),
      ...(isIP(name) === 0 && { servername: name }),
      headers: {
        'Content-Type': 'application/tlsrpt+gzip',
        'Content-Length': gzip.byteLength,
        'User-Agent': 'maillog-tlsrpt',
        Connection: 'close',
      },
    });
    let timer = setTimeout(() => sent.destroy(new Error('it took too long')), options.timeout);
    sent.once('close', () => clearTimeout(timer));
    sent.on('error', reject);
    sent.once('response', (response) => {
      clearTimeout(timer);
      timer = setTimeout(() => sent.destroy(), Math.min(options.timeout, MAX_DRAIN));
      drain(response, sent);
      resolve({
        status: response.statusCode ?? 0,
        retryAfter: response.headers['retry-after'],
        certificateFault: certificateFault(response),
      });
    });
    sent.end(gzip);
  });
}

/** Answers every look-up of the connection with the checked addresses: the name is never resolved a second time. */
function pinned(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_name, options, callback) => {
    const [first] = all;
    if (options.all === true) callback(null, all);
    else if (first !== undefined) callback(null, first.address, first.family);
  };
}

function certificateFault(response: IncomingMessage): string | undefined {
  const { socket } = response;
  if (!(socket instanceof TLSSocket) || socket.authorized) return undefined;
  return oneLine(String(socket.authorizationError));
}

/** Reads a little of the answer's body, so that a polite server can finish, and hangs up on a talkative one. */
function drain(response: IncomingMessage, sent: ClientRequest): void {
  let read = 0;
  response.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read > MAX_ANSWER) sent.destroy();
  });
  response.on('error', () => undefined);
}

function verdict(answer: Answer, clock: Clock): Handover {
  const { status } = answer;
  if (status >= 200 && status < 300) {
    const mark = answer.certificateFault;
    return {
      kind: 'sent',
      note: mark === undefined ? `HTTP ${status}` : `HTTP ${status}, certificate not valid: ${mark}`,
    };
  }
  if (status >= 500 || LATER.has(status)) {
    const wait = retryAfterMs(answer.retryAfter, clock);
    return {
      kind: 'temporary',
      reason: `HTTP ${status}`,
      ...(wait !== undefined && { retryAfter: wait }),
    };
  }
  const why = status >= 300 && status < 400 ? ', and redirects are not followed' : '';
  return { kind: 'permanent', reason: `HTTP ${status}${why}` };
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function retryAfterMs(value: string | undefined, clock: Clock): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : Math.max(0, time - clock.now());
}

function failureReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    ECONNREFUSED: 'the connection was refused',
    ECONNRESET: 'the connection was cut',
    ETIMEDOUT: 'nobody answered',
    EHOSTUNREACH: 'the host cannot be reached',
    ENETUNREACH: 'the network cannot be reached',
    EPROTO: 'TLS failed',
  };
  const told =
    code === undefined
      ? undefined
      : (known[code] ?? (/^ERR_(?:SSL|TLS)/.test(code) ? 'TLS failed' : undefined));
  return oneLine(told === undefined || code === undefined ? (message ?? String(error)) : `${told} (${code})`);
}
