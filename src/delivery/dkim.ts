import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { demandFile } from '../config/credential.ts';
import { EXIT, Problem, systemReason } from '../errors.ts';

/** One DKIM key as configured (RFC 6376). */
export interface DkimKey {
  /** d= */
  readonly domain: string;
  /** s= */
  readonly selector: string;
  readonly algorithm: 'rsa-sha256' | 'ed25519-sha256';
  readonly key: KeyObject;
}

/**
 * Signed header fields. Those named twice are signed as they stand and as absent beyond that, so that none can be
 * added on the way (RFC 6376 §8.15). RFC 8460 §3 wants the TLS-Report fields among them.
 */
const SIGNED_FIELDS =
  'from:from:to:subject:subject:date:message-id:mime-version:content-type:content-type:auto-submitted:' +
  'tls-required:tls-report-domain:tls-report-domain:tls-report-submitter:tls-report-submitter';

/** Below this, RFC 8301 §3.2 forbids signing. */
const MIN_RSA_BITS = 1024;

/**
 * Reads and proves a DKIM key at start, so that no mail ever leaves unsigned for want of one.
 * @throws Problem (config) for a key that cannot be read, is no PEM private key, or of a type DKIM does not know
 */
export async function loadDkimKey(config: {
  readonly domain: string;
  readonly selector: string;
  readonly key: string;
}): Promise<DkimKey> {
  const pem = await readKeyFile(config.key);
  const key = parseKey(pem, config.key);
  const algorithm = algorithmOf(key, config.key);
  return { domain: config.domain, selector: config.selector, algorithm, key };
}

async function readKeyFile(path: string): Promise<string> {
  demandFile(path);
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    throw new Problem(EXIT.config, `the DKIM key cannot be read: ${systemReason(error)}`, {
      where: path,
      help: 'set mail.dkim.key to a private key in PEM form which this user may read',
    });
  }
}

function parseKey(pem: string, path: string): KeyObject {
  const help = 'give an unencrypted private key: openssl genrsa 2048, or openssl genpkey -algorithm ed25519';
  if (!pem.includes('-----BEGIN '))
    throw new Problem(EXIT.config, 'the DKIM key is not in PEM form', { where: path, help });
  if (/-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(pem))
    throw new Problem(EXIT.config, 'the DKIM key is a public key', { where: path, help });
  if (pem.includes('ENCRYPTED'))
    throw new Problem(EXIT.config, 'the DKIM key is locked by a pass phrase', { where: path, help });
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new Problem(EXIT.config, 'the DKIM key holds no usable private key', { where: path, help, cause });
  }
}

function algorithmOf(key: KeyObject, path: string): DkimKey['algorithm'] {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519-sha256';
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType === 'rsa' && bits >= MIN_RSA_BITS) return 'rsa-sha256';
  const found = key.asymmetricKeyType === 'rsa' ? `RSA of ${bits} bits` : `of type ${key.asymmetricKeyType}`;
  throw new Problem(EXIT.config, `the DKIM key is ${found}`, {
    where: path,
    help: 'DKIM knows RSA of at least 1024 bits (better 2048) and Ed25519',
  });
}

/**
 * The message with one DKIM-Signature in front for each key: relaxed/relaxed, without `l=` (RFC 8460 §3 forbids it).
 * @param message lines end in CRLF; header and body are apart by an empty line
 * @param time of signing (t=), UTC ms
 */
export function signMessage(message: Buffer, keys: readonly DkimKey[], time: number): Buffer {
  const split = message.indexOf('\r\n\r\n');
  if (split < 0) throw new Error('a message without a body cannot be signed');
  const fields = headerFields(message.subarray(0, split).toString('latin1'));
  const bodyHash = createHash('sha256')
    .update(relaxedBody(message.subarray(split + 4)))
    .digest('base64');
  const signatures = keys.map((key) => signatureField(fields, bodyHash, key, time));
  return Buffer.concat([Buffer.from(signatures.join(''), 'latin1'), message]);
}

interface HeaderField {
  readonly name: string;
  readonly value: string;
}

function headerFields(block: string): HeaderField[] {
  return block.split(/\r\n(?![ \t])/).map((line) => {
    const colon = line.indexOf(':');
    return { name: line.slice(0, colon).trim().toLowerCase(), value: line.slice(colon + 1) };
  });
}

function signatureField(
  fields: readonly HeaderField[],
  bodyHash: string,
  key: DkimKey,
  time: number,
): string {
  const unsigned =
    ` v=1; a=${key.algorithm}; c=relaxed/relaxed; d=${key.domain};\r\n s=${key.selector};` +
    ` t=${Math.floor(time / 1000)}; bh=${bodyHash};\r\n` +
    ` h=${SIGNED_FIELDS.match(/.{1,70}(?::|$)/g)?.join('\r\n  ')};\r\n b=`;
  const signature = rawSignature(`${signedText(fields)}dkim-signature:${relaxedValue(unsigned)}`, key);
  return `DKIM-Signature:${unsigned}${signature.replace(/.{72}(?=.)/g, '$&\r\n  ')}\r\n`;
}

/** The canonical header text: of fields named more often than they occur, the surplus is the empty text. */
function signedText(fields: readonly HeaderField[]): string {
  const left = new Map<string, string[]>();
  for (const { name, value } of fields) left.set(name, [...(left.get(name) ?? []), value]);
  return SIGNED_FIELDS.split(':')
    .map((name) => {
      const value = left.get(name)?.pop();
      return value === undefined ? '' : `${name}:${relaxedValue(value)}\r\n`;
    })
    .join('');
}

function rawSignature(text: string, { algorithm, key }: DkimKey): string {
  const bytes = Buffer.from(text, 'latin1');
  if (algorithm === 'rsa-sha256') return sign('sha256', bytes, key).toString('base64');
  // RFC 8463 §3: PureEdDSA over the SHA-256 of the text, not over the text.
  return sign(null, createHash('sha256').update(bytes).digest(), key).toString('base64');
}

/** RFC 6376 §3.4.2. */
function relaxedValue(value: string): string {
  return value
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .replace(/^ | $/g, '');
}

/** RFC 6376 §3.4.4. */
function relaxedBody(body: Buffer): Buffer {
  const text = `${body.toString('latin1')}\r\n`
    .replace(/[ \t]+\r\n/g, '\r\n')
    .replace(/[ \t]+/g, ' ')
    .replace(/(?:\r\n)+$/, '');
  return Buffer.from(text === '' ? '' : `${text}\r\n`, 'latin1');
}
