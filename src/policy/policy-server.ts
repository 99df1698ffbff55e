import { connect, type NetConnectOpts } from 'node:net';
import { type PolicyAnswer, parsePolicyAnswer } from './policy-answer.ts';

const TIMEOUT_MS = 5000;
/** Postfix's own limit for a socketmap reply. */
const MAX_REPLY = 100_000;

/** Asks the MTA-STS plugin of Postfix for the very policy Postfix was given. */
export type AskPolicyServer = (domain: string) => Promise<PolicyAnswer>;

/**
 * A client for a `socketmap:` table of smtp_tls_policy_maps (postfix: socketmap_table(5)): postfix-tlspol,
 * postfix-mta-sts-resolver. Once it does not answer, it is not asked again.
 * @returns undefined where the text names no socketmap.
 */
export function policyServer(table: string): AskPolicyServer | undefined {
  const target = parseTable(table);
  if (target === undefined) return undefined;
  let gone: PolicyAnswer | undefined;
  return async (domain) => {
    if (gone !== undefined) return gone;
    const reply = await ask(target.address, `${target.map} ${domain}`);
    const answer = parsePolicyAnswer(reply);
    if (answer.kind === 'unavailable' && reply.startsWith('!')) gone = answer;
    return answer;
  };
}

interface Target {
  readonly address: NetConnectOpts;
  /** The name of the table within the server. */
  readonly map: string;
}

/** `socketmap:inet:host:port:name` or `socketmap:unix:path:name`. */
function parseTable(table: string): Target | undefined {
  const inet = /^socketmap:inet:(\[[0-9a-fA-F:.]+\]|[^:]+):(\d{1,5}):(.+)$/.exec(table);
  if (inet !== null) {
    const host = (inet[1] ?? '').replace(/^\[|\]$/g, '');
    return { address: { host, port: Number(inet[2]) }, map: inet[3] ?? '' };
  }
  const unix = /^socketmap:unix:([^:]+):(.+)$/.exec(table);
  return unix === null ? undefined : { address: { path: unix[1] ?? '' }, map: unix[2] ?? '' };
}

/** One question, one netstring back; `!` and the reason where there is none. */
function ask(address: NetConnectOpts, question: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(address);
    const chunks: Buffer[] = [];
    const end = (reply: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reply);
    };
    const timer = setTimeout(() => end('!it does not answer'), TIMEOUT_MS);
    socket.on('error', (error) => end(`!${error.message}`));
    socket.on('close', () => end('!it hung up'));
    socket.on('connect', () => socket.write(`${Buffer.byteLength(question)}:${question},`));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const data = Buffer.concat(chunks);
      const reply = netstring(data);
      if (reply !== undefined) end(reply);
      else if (data.length > MAX_REPLY) end('!its reply is too long');
    });
  });
}

function netstring(data: Buffer): string | undefined {
  const colon = data.indexOf(':');
  if (colon === -1) return undefined;
  const length = Number(data.toString('latin1', 0, colon));
  if (!Number.isInteger(length) || length < 0) return '!its reply is no netstring';
  const end = colon + 1 + length;
  return data.length > end ? data.toString('utf8', colon + 1, end) : undefined;
}
