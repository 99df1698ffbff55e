import type { Vector } from './tlsrpt-vectors.ts';

const A = 'mailto:a@example.com';

/** Records that ask for no reports, or cannot be read. */
export const REFUSED: readonly Vector[] = [
  { txt: [], verdict: 'none', reason: 'no TXT record', why: 'nothing published' },
  { txt: ['v=spf1 -all'], verdict: 'none', reason: 'begins with', why: 'a wildcard TXT record is no demand' },
  { txt: [''], verdict: 'none', reason: 'begins with', why: 'an empty string' },
  {
    txt: [`v=TLSRPTv1; rua=${A}`, 'v=TLSRPTv1; rua=mailto:b@example.com'],
    verdict: 'malformed',
    reason: '2 TLSRPT records',
    why: 'not exactly one (D4)',
  },
  {
    txt: [`v=TLSRPTv1; rua=${A}`, `v=TLSRPTv1; rua=${A}`],
    verdict: 'malformed',
    reason: '2 TLSRPT records',
    why: 'the same twice is still two',
  },
  { txt: ['v=TLSRPTv1'], verdict: 'malformed', reason: 'no rua', why: 'rua is required (D7)' },
  { txt: ['v=TLSRPTv1;'], verdict: 'malformed', reason: 'no rua', why: 'likewise' },
  { txt: ['v=TLSRPTv1; rua='], verdict: 'malformed', reason: 'empty', why: 'nobody named' },
  {
    txt: ['v=TLSRPTv1; ruf=mailto:a@example.com'],
    verdict: 'malformed',
    reason: 'no rua',
    why: 'that is DMARC',
  },
  {
    txt: [`v=tlsrptv1; rua=${A}`],
    verdict: 'malformed',
    reason: 'case-sensitive',
    why: '%s in the grammar (D2)',
  },
  { txt: [`V=TLSRPTv1; rua=${A}`], verdict: 'malformed', reason: 'case-sensitive', why: 'likewise' },
  {
    txt: [`v=TLSRPTv1; RUA=${A}`],
    verdict: 'malformed',
    reason: 'case-sensitive',
    why: 'RUA is an extension (D2)',
  },
  { txt: [`v=TLSRPTv2; rua=${A}`], verdict: 'malformed', reason: 'begin', why: 'another version' },
  { txt: [`v=TLSRPTv10; rua=${A}`], verdict: 'malformed', reason: 'begin', why: 'not the same word' },
  { txt: [`v=TLSRPTv1 rua=${A}`], verdict: 'malformed', reason: 'semicolon', why: 'a delimiter is missing' },
  { txt: [`v=TLSRPTv1, rua=${A}`], verdict: 'malformed', reason: 'begin', why: 'a comma is no delimiter' },
  {
    txt: [`"v=TLSRPTv1; rua=${A}"`],
    verdict: 'malformed',
    reason: 'begin',
    why: 'quotes of a zone file, published',
  },
  { txt: [`v = TLSRPTv1; rua=${A}`], verdict: 'malformed', reason: 'begin', why: 'the version is one word' },
  {
    txt: [`rua=${A}; v=TLSRPTv1`],
    verdict: 'none',
    reason: 'begins with',
    why: 'the version comes first (D3)',
  },
  {
    txt: ['v=TLSRPTv1; rua=postmaster@isaspa.example'],
    verdict: 'malformed',
    reason: 'no scheme',
    why: 'no URI left',
  },
  {
    txt: ['v=TLSRPTv1; rua=ftp://x/,gopher://y/'],
    verdict: 'malformed',
    reason: 'ftp',
    why: 'no usable URI left',
  },
  {
    txt: ['v=TLSRPTv1; rua=mailto:'],
    verdict: 'malformed',
    reason: 'mail address',
    why: 'a mailto without address',
  },
  {
    txt: ['v=TLSRPTv1; rua=mailto:@example.com'],
    verdict: 'malformed',
    reason: 'mail address',
    why: 'no local part',
  },
  { txt: ['v=TLSRPTv1; rua=mailto:"a b"@example.com'], verdict: 'malformed', reason: 'blank', why: 'no URI' },
  {
    txt: [`v=TLSRPTv1; rua=mailto:a@${'x'.repeat(64)}.com`],
    verdict: 'malformed',
    reason: 'mail',
    why: 'label too long',
  },
  {
    txt: ['v=TLSRPTv1; rua=mailto:a@exam\u0000ple.com'],
    verdict: 'malformed',
    reason: 'character',
    why: 'a NUL byte',
  },
  {
    txt: ['v=TLSRPTv1; rua=mailto:a@b\ufffd.com'],
    verdict: 'malformed',
    reason: 'character',
    why: 'no UTF-8',
  },
];
