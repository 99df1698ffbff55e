import { gzipSync } from 'node:zlib';

/** What receivers commonly take (RFC 8460 §5.2 names 10 MB), in bytes. */
export const MAX_COMPRESSED = 10_000_000;

/** The document as `application/tlsrpt+gzip` (RFC 8460 §5.2); no file name or time inside, so equal in, equal out. */
export function gzipReport(json: string): Buffer {
  return gzipSync(json, { level: 9 });
}

/** Whether receivers will take the document compressed; most are so small that it need not be tried. */
export function fitsCompressed(json: string): boolean {
  return json.length <= MAX_COMPRESSED / 4 || gzipReport(json).byteLength <= MAX_COMPRESSED;
}
