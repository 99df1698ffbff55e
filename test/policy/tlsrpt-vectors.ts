/** TXT records as found at `_smtp._tls`, each with what RFC 8460 §3 makes of it and why. */
export interface Vector {
  /** The TXT records of the name, strings of a record already joined. */
  readonly txt: readonly string[];
  readonly verdict: 'record' | 'malformed' | 'none';
  readonly rua?: readonly string[];
  /** For a record: part of a warning; none expected where absent. */
  readonly warning?: string;
  /** For a record: part of the reason a URI was skipped for; none expected where absent. */
  readonly skipped?: string;
  /** For malformed and none: part of the reason. */
  readonly reason?: string;
  /** Why the verdict is right. */
  readonly why: string;
}

const A = 'mailto:a@example.com';
/** Records that ask for reports, strictly right or readable all the same. */
export const ASKING: readonly Vector[] = [
  // --- Right by the grammar -----------------------------------------------------------------------------------------
  { txt: [`v=TLSRPTv1;rua=${A}`], verdict: 'record', rua: [A], why: 'the shortest record' },
  { txt: [`v=TLSRPTv1; rua=${A}`], verdict: 'record', rua: [A], why: 'a blank after the delimiter' },
  { txt: [`v=TLSRPTv1 ; rua=${A}`], verdict: 'record', rua: [A], why: 'field-delim is *WSP ";" *WSP (D3)' },
  { txt: [`v=TLSRPTv1\t;\trua=${A}`], verdict: 'record', rua: [A], why: 'tabs are WSP' },
  { txt: [`v=TLSRPTv1; rua=${A};`], verdict: 'record', rua: [A], why: 'optional trailing delimiter (D12)' },
  {
    txt: [`v=TLSRPTv1; rua=${A} ; `],
    verdict: 'record',
    rua: [A],
    warning: 'around',
    why: 'blank at the end',
  },
  {
    txt: ['v=TLSRPTv1; rua=https://reports.example.com/v1/tlsrpt'],
    verdict: 'record',
    rua: ['https://reports.example.com/v1/tlsrpt'],
    why: 'https endpoint (RFC 8460 Appendix A)',
  },
  {
    txt: [`v=TLSRPTv1; rua=${A},https://r.example.com/t`],
    verdict: 'record',
    rua: [A, 'https://r.example.com/t'],
    why: 'two URIs',
  },
  {
    txt: [`v=TLSRPTv1; rua=${A} , mailto:b@example.com`],
    verdict: 'record',
    rua: [A, 'mailto:b@example.com'],
    why: 'blanks around the comma are legal (D8)',
  },
  {
    txt: [`v=TLSRPTv1; rua=${A}\t,\tmailto:b@example.com`],
    verdict: 'record',
    rua: [A, 'mailto:b@example.com'],
    why: 'tabs around the comma are legal too',
  },
  { txt: [`v=TLSRPTv1; ext=1; rua=${A}`], verdict: 'record', rua: [A], why: 'rua need not be second (D7)' },
  {
    txt: [`v=TLSRPTv1; rua=${A}; ext=1`],
    verdict: 'record',
    rua: [A],
    why: 'unknown fields are ignored (D6)',
  },
  {
    txt: [`v=TLSRPTv1; x.y_z-9=a:b/c; rua=${A}`],
    verdict: 'record',
    rua: [A],
    why: 'extension name and value (D11)',
  },
  {
    txt: [`v=TLSRPTv1; rua=${A}; rua=mailto:b@example.com`],
    verdict: 'record',
    rua: [A, 'mailto:b@example.com'],
    why: 'the grammar lets rua occur more than once (D7)',
  },
  { txt: [`v=TLSRPTv1; rua=${A},${A}`], verdict: 'record', rua: [A], why: 'the same address once' },
  {
    txt: ['v=TLSRPTv1; rua=mailto:tls%2Brpt@example.com'],
    verdict: 'record',
    rua: ['mailto:tls+rpt@example.com'],
    why: 'percent-encoding is undone (D9)',
  },
  {
    txt: ['v=TLSRPTv1; rua=mailto:a%21b@example.com'],
    verdict: 'record',
    rua: ['mailto:a!b@example.com'],
    why: 'an encoded "!" belongs to the address (D9)',
  },
  {
    txt: ['v=TLSRPTv1; rua=https://r.example.com/a%2Cb%3Bc'],
    verdict: 'record',
    rua: ['https://r.example.com/a%2Cb%3Bc'],
    why: 'in a URL the encoded characters stay encoded: it is the same URL',
  },
  {
    txt: ['v=TLSRPTv1; rua=MAILTO:a@example.com'],
    verdict: 'record',
    rua: [A],
    why: 'schemes ignore case (RFC 3986)',
  },
  {
    txt: ['v=TLSRPTv1; rua=HTTPS://R.Example.COM/T'],
    verdict: 'record',
    rua: ['https://r.example.com/T'],
    why: 'so do hosts; paths do not',
  },
  {
    txt: ['v=TLSRPTv1; rua=mailto:Reports@Example.COM'],
    verdict: 'record',
    rua: ['mailto:Reports@example.com'],
    why: 'the local part keeps its case, the domain does not',
  },
  {
    txt: ['v=TLSRPTv1; rua=mailto:a@b%C3%BCcher.example'],
    verdict: 'record',
    rua: ['mailto:a@xn--bcher-kva.example'],
    why: 'an encoded IDN becomes A-labels',
  },
  {
    txt: ['v=TLSRPTv1; rua=https://r.example.com:8443/t?d=1'],
    verdict: 'record',
    rua: ['https://r.example.com:8443/t?d=1'],
    why: 'port and query',
  },
  {
    txt: ['v=TLSRPTv1; rua=https://[2001:db8::1]/t'],
    verdict: 'record',
    rua: ['https://[2001:db8::1]/t'],
    why: 'an address literal is a URL; whether it may be contacted is the guard’s business',
  },
  {
    txt: ['google-site-verification=x', `v=TLSRPTv1; rua=${A}`, 'v=spf1 -all'],
    verdict: 'record',
    rua: [A],
    why: 'other TXT records are thrown away (D3)',
  },
  {
    txt: [`v=TLSRPTv1;rua=${A}${''.padEnd(3, ' ')};e=${'x'.repeat(600)}`],
    verdict: 'record',
    rua: [A],
    why: 'longer than one TXT string: they were joined (D5)',
  },
  {
    txt: ["v=TLSRPTv1; rua=mailto:o'neil/x=y@example.com"],
    verdict: 'record',
    rua: ["mailto:o'neil/x=y@example.com"],
    why: 'all of RFC 5322 atext that a URI may hold',
  },
  // --- Read all the same, with a warning ------------------------------------------------------------------------------
  {
    txt: [` v=TLSRPTv1; rua=${A}`],
    verdict: 'record',
    rua: [A],
    warning: 'around',
    why: 'a blank before the record',
  },
  {
    txt: [`v=TLSRPTv1;; rua=${A}`],
    verdict: 'record',
    rua: [A],
    warning: 'empty field',
    why: 'two delimiters',
  },
  { txt: [`v=TLSRPTv1; rua = ${A}`], verdict: 'record', rua: [A], warning: '"="', why: 'blanks around "="' },
  { txt: [`v=TLSRPTv1; rua= ${A}`], verdict: 'record', rua: [A], warning: '"="', why: 'a blank after "="' },
  {
    txt: [`v=TLSRPTv1; rua=${A},`],
    verdict: 'record',
    rua: [A],
    warning: 'empty place',
    why: 'a comma too many',
  },
  {
    txt: [`v=TLSRPTv1; rua=,${A}`],
    verdict: 'record',
    rua: [A],
    warning: 'empty place',
    why: 'a comma too early',
  },
  {
    txt: [`v=TLSRPTv1; junk; rua=${A}`],
    verdict: 'record',
    rua: [A],
    warning: 'name=value',
    why: 'a field without "="',
  },
  {
    txt: [`v=TLSRPTv1; -x=1; rua=${A}`],
    verdict: 'record',
    rua: [A],
    warning: 'name=value',
    why: 'bad first character',
  },
  {
    txt: [`v=TLSRPTv1; ${'n'.repeat(33)}=1; rua=${A}`],
    verdict: 'record',
    rua: [A],
    warning: 'name=value',
    why: 'names have at most 32 characters (D11)',
  },
  {
    txt: [`v=TLSRPTv1; x=a=b; rua=${A}`],
    verdict: 'record',
    rua: [A],
    warning: 'name=value',
    why: 'no "=" in a value',
  },
  {
    txt: [`v=TLSRPTv1; x=; rua=${A}`],
    verdict: 'record',
    rua: [A],
    warning: 'name=value',
    why: 'an empty value',
  },
  {
    txt: [`v=TLSRPTv1; rua=${A}!10m`],
    verdict: 'record',
    rua: [A],
    warning: 'size limit',
    why: 'DMARC habit (D9)',
  },
  {
    txt: ['v=TLSRPTv1; rua=mailto:a@example.com?subject=hi'],
    verdict: 'record',
    rua: [A],
    warning: 'header fields',
    why: 'a stranger must not write our mails (D14)',
  },
];
