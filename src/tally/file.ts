import { type KeyObject, sign, verify } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { type Day, daySchema } from '../day.ts';
import { EXIT, Problem } from '../errors.ts';
import type { HostDay } from '../ledger/imports.ts';
import { fromRow, toRow } from './rows.ts';

/** More than any host's day: what a file unpacks to is bounded, though its maker is trusted. */
const MAX_UNPACKED = 512 * 1_048_576;

const MAGIC = 'maillog-tlsrpt-tally 1';

const headSchema = z.strictObject({
  program: z.string(),
  exportedAt: z.int(),
  instance: z.string().min(1).max(200).optional(),
  sources: z.array(z.string().max(1000)).optional(),
  logs: z.array(
    z.strictObject({
      parser: z.string().min(1),
      name: z.string(),
      readToEndAt: z.int().optional(),
      oldestOpen: z.int().optional(),
    }),
  ),
});

/**
 * Packs all that a host has counted for a day, signed with an Ed25519 key. First a line for people and for finding the
 * key: `maillog-tlsrpt-tally 1 HOST DAY SEQUENCE SIGNATURE`; then gzip of JSON lines: a head, and one a tally. The
 * signature is over the line up to it and all that follows it.
 */
export function packTallyFile(content: HostDay, key: KeyObject): Buffer {
  const { host, day, sequence, tallies } = content;
  const head: z.infer<typeof headSchema> = {
    program: content.program,
    exportedAt: content.exportedAt,
    ...(content.instance !== undefined && { instance: content.instance }),
    ...(content.sources !== undefined && { sources: [...content.sources] }),
    logs: [...content.logs],
  };
  const lines = [JSON.stringify(head), ...tallies.map((tally) => toRow(tally, day)).sort()];
  const body = gzipSync(`${lines.join('\n')}\n`, { level: 9 });
  const title = `${MAGIC} ${encodeURIComponent(host)} ${day} ${sequence}`;
  const signature = sign(null, signedPart(title, body), key).toString('base64url');
  return Buffer.concat([Buffer.from(`${title} ${signature}\n`), body]);
}

const TITLE = /^(maillog-tlsrpt-tally 1 (\S{1,512}) (\d{4}-\d\d-\d\d) (\d{1,15})) ([A-Za-z0-9_-]{86})$/;

/**
 * Unpacks a file whose signature one of the keys proves.
 * @param keys by host, whom it may speak for
 * @param path for messages
 * @throws Problem (data) when it is none, damaged, or not by a key of that host
 */
export function unpackTallyFile(
  file: Buffer,
  keys: ReadonlyMap<string, readonly KeyObject[]>,
  path: string,
): HostDay {
  const end = file.indexOf('\n');
  const match = TITLE.exec(end < 0 ? '' : file.subarray(0, end).toString('latin1'));
  if (match === null)
    throw refused(path, 'this is no tally file', 'name files that `tally export` has written');
  const [, title = '', encodedHost = '', day = '', sequence = '', signature = ''] = match;
  const host = decodedHost(encodedHost, path);
  const body = file.subarray(end + 1);
  const trusted = keys.get(host);
  if (trusted === undefined)
    throw refused(
      path,
      `nobody vouches for ${host}`,
      'list its public key in fleet.import-keys of the config',
    );
  const signed = signedPart(title, body);
  const proof = Buffer.from(signature, 'base64url');
  // Of the texts that decode to one signature only the proper one counts: a changed file is never taken.
  if (proof.toString('base64url') !== signature || !trusted.some((key) => verify(null, signed, key, proof)))
    throw refused(path, `the signature is not by the key of ${host}`, 'it was damaged on its way, or forged');
  return { host, sequence: Number(sequence), ...contentOf(body, host, day, path) };
}

function contentOf(body: Buffer, host: string, day: Day, path: string): Omit<HostDay, 'host' | 'sequence'> {
  try {
    const text = gunzipSync(body, { maxOutputLength: MAX_UNPACKED }).toString('utf8');
    const [first = '', ...rows] = text.split('\n').filter((line) => line !== '');
    const { program, exportedAt, instance, sources, logs } = headSchema.parse(JSON.parse(first));
    return {
      day: daySchema.parse(day),
      program,
      exportedAt,
      ...(instance !== undefined && { instance }),
      ...(sources !== undefined && { sources }),
      logs: logs.map(({ parser, name, readToEndAt, oldestOpen }) => ({
        parser,
        name,
        ...(readToEndAt !== undefined && { readToEndAt }),
        ...(oldestOpen !== undefined && { oldestOpen }),
      })),
      tallies: rows.map((row) => fromRow(row, host, day)),
    };
  } catch (cause) {
    throw refused(
      path,
      'its content is none this program knows',
      'a newer maillog-tlsrpt may have made it',
      cause,
    );
  }
}

function signedPart(title: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${title}\n`), body]);
}

function decodedHost(encoded: string, path: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch (cause) {
    throw refused(path, 'this is no tally file', 'its first line names no host', cause);
  }
}

function refused(where: string, message: string, help: string, cause?: unknown): Problem {
  return new Problem(EXIT.data, message, { where, help, cause });
}
