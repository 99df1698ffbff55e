import type { Vector } from './tlsrpt-vectors.ts';

const A = 'mailto:a@example.com';
const MANY = Array.from({ length: 12 }, (_, index) => `mailto:r${index}@example.com`);

/** Records with a URI that cannot be used: that one is skipped, the others count. */
export const SKIPPING: readonly Vector[] = [
  {
    txt: [`v=TLSRPTv1; rua=https://%2C/,${A}`],
    verdict: 'record',
    rua: [A],
    skipped: 'no host name',
    why: 'a comma is no host',
  },
  {
    txt: [`v=TLSRPTv1; rua=ftp://x.example.com/,${A}`],
    verdict: 'record',
    rua: [A],
    skipped: 'ftp',
    why: 'unknown scheme, that one only (D10)',
  },
  {
    txt: [`v=TLSRPTv1; rua=http://r.example.com/,${A}`],
    verdict: 'record',
    rua: [A],
    skipped: 'http:',
    why: 'http is not https',
  },
  {
    txt: [`v=TLSRPTv1; rua=a@example.com,${A}`],
    verdict: 'record',
    rua: [A],
    skipped: 'no scheme',
    why: 'an address is no URI',
  },
  {
    txt: [`v=TLSRPTv1; rua=mailto:a@10.0.0.1,${A}`],
    verdict: 'record',
    rua: [A],
    skipped: 'mail address',
    why: 'an address is no domain',
  },
  {
    txt: [`v=TLSRPTv1; rua=mailto:a@example.com%2Cb@example.com,${A}`],
    verdict: 'record',
    rua: [A],
    skipped: 'mail address',
    why: 'one mailto, one address (D14)',
  },
  {
    txt: [`v=TLSRPTv1; rua=mailto:a%0D%0ABcc:x@example.com,${A}`],
    verdict: 'record',
    rua: [A],
    skipped: 'mail address',
    why: 'no line breaks into a header',
  },
  {
    txt: [`v=TLSRPTv1; rua=mailto:%E0%A4%A@example.com,${A}`],
    verdict: 'record',
    rua: [A],
    skipped: 'percent',
    why: 'broken percent-encoding',
  },
  {
    txt: [`v=TLSRPTv1; rua=mailto:a b@example.com,${A}`],
    verdict: 'record',
    rua: [A],
    skipped: 'blank',
    why: 'a blank inside',
  },
  {
    txt: [`v=TLSRPTv1; rua=https://r.example.com/!,${A}`],
    verdict: 'record',
    rua: [A],
    skipped: '"!"',
    why: '"!" must be encoded (D9)',
  },
  {
    txt: [`v=TLSRPTv1; rua=https://u:p@r.example.com/,${A}`],
    verdict: 'record',
    rua: [A],
    skipped: 'password',
    why: 'no credentials for strangers',
  },
  {
    txt: [`v=TLSRPTv1; rua=https:///t,${A}`],
    verdict: 'record',
    rua: [A],
    skipped: 'https URL',
    why: 'no host',
  },
  {
    txt: [`v=TLSRPTv1; rua=${MANY.join(',')}`],
    verdict: 'record',
    rua: MANY.slice(0, 10),
    skipped: 'more than 10',
    why: 'a cap against floods (RFC 8460 §7)',
  },
];
