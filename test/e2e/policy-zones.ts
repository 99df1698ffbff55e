import type { LabZone } from './signed-dns.ts';

const SHA = 'ab'.repeat(32);
export const GOOD = `3 1 1 ${SHA}`;

const BIG = `v=TLSRPTv1; rua=mailto:big@signed.example${`; e=${'x'.repeat(150)}`.repeat(12)}`;

/** A text as the strings of one TXT record. */
function strings(text: string): string {
  return (text.match(/.{1,200}/g) ?? []).map((part) => `"${part}"`).join(' ');
}

/** Everything a signed zone can hold for mail, right, odd and forged. */
export const SIGNED: LabZone = {
  name: 'signed.example',
  signed: true,
  records: `
@ IN MX 20 mx2
@ IN MX 10 mx1
mx1 IN A 192.0.2.1
mx2 IN AAAA 2001:db8::2
_25._tcp.mx1 IN TLSA 3 1 1 ${SHA}
_25._tcp.mx1 IN TLSA 2 1 1 ${'cd'.repeat(32)}
_587._tcp.mx1 IN TLSA 3 0 1 ${'ee'.repeat(32)}
pkix IN A 192.0.2.3
_25._tcp.pkix IN TLSA 1 1 1 ${SHA}
odd IN A 192.0.2.4
_25._tcp.odd IN TLSA 3 1 9 ${SHA}
short IN A 192.0.2.5
_25._tcp.short IN TLSA 3 1 1 abcd
forged IN A 192.0.2.6
_25._tcp.forged IN TLSA 3 1 1 ${'12'.repeat(32)}
forgedaddress IN A 192.0.2.66
alias IN CNAME target
target IN A 192.0.2.7
_25._tcp.target IN TLSA 3 1 1 ${'07'.repeat(32)}
_25._tcp.alias IN TLSA 3 1 1 ${'08'.repeat(32)}
bare IN CNAME nothere
nothere IN A 192.0.2.8
_25._tcp.bare IN TLSA 3 1 1 ${'09'.repeat(32)}
outside IN CNAME mx.unsigned.example.
_25._tcp.outside IN TLSA 3 1 1 ${'10'.repeat(32)}
far IN A 192.0.2.9
_25._tcp.far IN CNAME _tlsa.signed.example.
_tlsa IN TLSA 3 1 1 ${'11'.repeat(32)}
null IN MX 0 .
implicit IN A 192.0.2.10
nomx IN TXT "neither MX nor address"
aliased IN CNAME signed.example.
aliasout IN CNAME unsigned.example.
_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:re" "ports@signed.exa" "mple"
_smtp._tls.long IN TXT ${strings(`no record of ours ${'y'.repeat(3000)}`)}
_smtp._tls.big IN TXT ${strings(BIG)}
_smtp._tls.forgedtxt IN TXT "v=TLSRPTv1; rua=mailto:true@signed.example"
_smtp._tls.here IN CNAME _smtp._tls.signed.example.
`,
  forge: [
    ['12'.repeat(32), '13'.repeat(32)],
    ['192.0.2.66', '192.0.2.67'],
    ['mailto:true@', 'mailto:evil@'],
  ],
};

/** Unsigned, with hosts and aliases that lead into the signed one. */
export const UNSIGNED: LabZone = {
  name: 'unsigned.example',
  signed: false,
  records: `
@ IN MX 10 mx
@ IN MX 20 mx1.signed.example.
mx IN A 192.0.2.20
_25._tcp.mx IN TLSA 3 1 1 ${SHA}
back IN CNAME mx1.signed.example.
_smtp._tls IN TXT "v=TLSRPTv1; rua=https://reports.unsigned.example/"
`,
};
