import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DkimKey, loadDkimKey, signMessage } from '../../src/delivery/dkim.ts';
import { loadMailSetup } from '../../src/delivery/mail-setup.ts';
import { EXIT } from '../../src/errors.ts';
import { labConfig, writeKeys } from './lab.ts';
import { verifySignatures } from './received-mail.ts';

let directory: string;
let keys: DkimKey[];
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tlsrpt-dkim-'));
  keys = await Promise.all(writeKeys(directory).map(loadDkimKey));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Writes what claims to be a key, and loads it. */
function load(content: string | Buffer) {
  const path = join(directory, 'claimed.pem');
  writeFileSync(path, content);
  return loadDkimKey({ domain: 'sender.example', selector: 's', key: path });
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

describe('a key that DKIM cannot use is refused at start, with exit code 78', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  it.each([
    ['not PEM at all', 'hello', /not in PEM form/],
    ['DER', rsa.privateKey.export({ type: 'pkcs8', format: 'der' }), /not in PEM form/],
    ['empty', '', /not in PEM form/],
    ['a public key', rsa.publicKey.export({ type: 'spki', format: 'pem' }), /public key/],
    ['cut off', pem(rsa.privateKey).slice(0, 300), /no usable private key/],
    ['garbage inside', pem(rsa.privateKey).replace(/[a-z]/g, 'A'), /no usable private key/],
    [
      'locked by a pass phrase',
      rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
      /pass phrase/,
    ],
    ['an EC key', pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey), /of type ec/],
    ['an Ed448 key', pem(generateKeyPairSync('ed448').privateKey), /of type ed448/],
    [
      'RSA of 768 bits',
      pem(generateKeyPairSync('rsa', { modulusLength: 768 }).privateKey),
      /RSA of 768 bits/,
    ],
  ])('%s', async (_what, content, message) => {
    await expect(load(content)).rejects.toMatchObject({
      exitCode: EXIT.config,
      message: expect.stringMatching(message),
      where: join(directory, 'claimed.pem'),
    });
  });

  it('a path where nothing is', async () => {
    const key = join(directory, 'nothing.pem');
    const loading = loadDkimKey({ domain: 'sender.example', selector: 's', key });
    await expect(loading).rejects.toMatchObject({ exitCode: EXIT.config, where: key });
    await expect(loading).rejects.toThrow('it does not exist');
  });

  it('a directory', async () => {
    const loading = loadDkimKey({ domain: 'sender.example', selector: 's', key: directory });
    await expect(loading).rejects.toThrow('it is a directory');
  });

  it('PKCS#1 is fine, as openssl genrsa once wrote it', async () => {
    const loaded = await load(rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }));
    expect(loaded.algorithm).toBe('rsa-sha256');
  });
});

describe('what the set-up of mail demands', () => {
  const dkim = () => ({ ...writeKeys(directory)[0] });
  it.each([
    ['no dkim', { dkim: undefined }, /mail\.dkim is not set/],
    ['a key of another domain', { dkim: { domain: 'other.example' } }, /not the domain of contact/],
    ['a credential nobody handed over', { dkim: { key: 'credential:dkim.pem' } }, /handed over by systemd/],
    ['a credential of no name', { dkim: { key: 'credential:../key' } }, /names no credential/],
    ['a selector that is no name', { dkim: { selector: 'a b' } }, /cannot be part of a DNS name/],
    ['a sender of another domain', { from: 'tls@other.example' }, /not of the domain of contact/],
    ['a sendmail that is none', { via: 'sendmail', sendmail: '/nowhere/sendmail' }, /cannot be run/],
    ['a password in clear text', { user: 'me', 'password-file': '/nowhere', tls: 'none' }, /in clear text/],
    ['a user without password', { user: 'me' }, /belong together/],
    ['a password that cannot be read', { user: 'me', 'password-file': '/nowhere' }, /cannot be read/],
  ])('%s: exit code 78', async (_what, change, message) => {
    const mail = 'dkim' in change ? { dkim: change.dkim && { ...dkim(), ...change.dkim } } : change;
    const config = labConfig(directory, { mail });
    await expect(loadMailSetup(config)).rejects.toMatchObject({
      exitCode: EXIT.config,
      message: expect.stringMatching(message),
    });
  });

  it('an MTA that signs needs no key', async () => {
    await loadMailSetup(labConfig(directory, { mail: { dkim: 'mta' } }));
  });
});

describe('signatures, held to mailauth', () => {
  const header = 'From: a@sender.example\r\nTo: b@example.org\r\nSubject: x\r\n y\r\nMIME-Version: 1.0\r\n';
  const passes = async (message: Buffer) =>
    (await verifySignatures(message)).map(({ result }) => result).join() === 'pass,pass';

  it.each(['', '\r\n', '\r\n\r\n\r\n', 'a', 'a \t\r\n', ' \r\n\r\na  b\tc \r\n\r\n', '\t\r\n'])(
    'the body %j',
    async (body) => {
      const signed = signMessage(Buffer.from(`${header}\r\n${body}`), keys, Date.now());
      expect(await passes(signed)).toBe(true);
    },
  );

  it('any body and any blanks in headers', async () => {
    const piece = fc.constantFrom('a', ' ', '\t', '\r\n', '  ', 'ü', '=', '.', '\r\n\r\n', '\u00a0');
    const text = fc.array(piece, { maxLength: 30 }).map((parts) => `${parts.join('')}\r\n`);
    const value = fc
      .array(fc.constantFrom('a', ' ', '\t', '\r\n ', '\r\n\t', 'b:c'))
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, value, async (body, subject) => {
        const head = `From: a@sender.example\r\nSubject:${subject}x\r\nTLS-Required: No\r\n`;
        const signed = signMessage(Buffer.from(`${head}\r\n${body}`), keys, Date.now());
        expect(await passes(signed)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('signs with each key on its own', async () => {
    for (const key of keys) {
      const [verdict, ...others] = await verifySignatures(
        signMessage(Buffer.from(`${header}\r\nhello\r\n`), [key], Date.now()),
      );
      expect([verdict?.result, verdict?.algorithm, others]).toEqual(['pass', key.algorithm, []]);
    }
  });
});
