import { gunzipSync } from 'node:zlib';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { z } from 'zod';
import { dkimResolver } from './lab.ts';

/** A mail as a receiver that goes by RFC 2045 and RFC 8460 takes it apart; written apart from the writer's code. */
export interface TakenApart {
  /** By lower-case name; a name may occur more than once. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Names as they are spelled. */
  readonly headerNames: readonly string[];
  readonly text: string;
  readonly part: { readonly headers: ReadonlyMap<string, readonly string[]>; readonly content: Buffer };
  /** The document, unpacked. */
  readonly document: unknown;
}

export function takeApart(message: Buffer): TakenApart {
  const { headers, names, body } = split(message.toString('latin1').replace(/\r\n/g, '\n'));
  const boundary = /boundary="([^"]+)"/.exec(headers.get('content-type')?.[0] ?? '')?.[1] ?? '';
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => split(part.replace(/^\n/, '')));
  const [human, machine] = parts;
  if (human === undefined || machine === undefined || parts.length !== 2) throw new Error('not two parts');
  const content = Buffer.from(machine.body, 'base64');
  return {
    headers,
    headerNames: names,
    text: decodeText(human.body, human.headers.get('content-transfer-encoding')?.[0] ?? '7bit'),
    part: { headers: machine.headers, content },
    document: JSON.parse(gunzipSync(content).toString('utf8')),
  };
}

function split(text: string) {
  const at = text.indexOf('\n\n');
  const headers = new Map<string, string[]>();
  const names: string[] = [];
  for (const line of text
    .slice(0, at)
    .replace(/\n(?=[ \t])/g, '')
    .split('\n')) {
    const name = line.slice(0, line.indexOf(':'));
    names.push(name);
    const key = name.toLowerCase();
    headers.set(key, [...(headers.get(key) ?? []), line.slice(name.length + 1).trim()]);
  }
  return { headers, names, body: text.slice(at + 2) };
}

function decodeText(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return body;
  const bytes = body
    .replace(/=\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** What the tests read of mailauth's verdicts; its own types leave half of it out. */
const verdictSchema = z.object({
  algo: z.string(),
  signingDomain: z.string(),
  status: z.object({ result: z.string() }),
  signingHeaders: z.object({ keys: z.string() }),
});

/** What mailauth says of each signature, and the fields it covers. */
export async function verifySignatures(message: Buffer) {
  const { results } = await dkimVerify(message, { resolver: dkimResolver });
  return z
    .array(verdictSchema)
    .parse(results)
    .map((one) => ({
      algorithm: one.algo,
      domain: one.signingDomain,
      result: one.status.result,
      signed: one.signingHeaders.keys
        .toLowerCase()
        .split(':')
        .map((name) => name.trim()),
    }));
}
