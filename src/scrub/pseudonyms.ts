import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { toAddress } from '../domain.ts';

/** Names that say nothing of anybody, and that parsers may know. */
const KEPT = new Set(['localhost', 'unknown', 'none', 'local']);
/** The documentation networks (RFC 5737), and behind them the one for benchmarks (RFC 2544), which is larger. */
const PUBLIC_IPV4 = ['192.0.2', '198.51.100', '203.0.113'];
const PER_NETWORK = 254;

/** Gives each name, address and id one that stands for it, the same wherever it appears. */
export class Pseudonyms {
  readonly #tables = new Map<string, Map<string, number>>();

  /**
   * Label by label, under `.example`, so that hosts stay within their domains; a single label stays single. U-labels
   * and A-labels of one name are one.
   */
  domain(name: string): string {
    const dot = name.endsWith('.') ? '.' : '';
    const bare = dot === '' ? name : name.slice(0, -1);
    if (KEPT.has(bare.toLowerCase()) || bare === '') return name;
    const labels = (domainToASCII(bare) || bare.toLowerCase()).split('.');
    const hidden = labels.map((label) => `n${this.#number('label', label)}`);
    return (labels.length === 1 ? hidden.join('') : `${hidden.join('.')}.example`) + dot;
  }

  /** A local part, a user's name. */
  local(name: string): string {
    return `u${this.#number('local', name.toLowerCase())}`;
  }

  /** What a certificate says of its owner beside the name. */
  organisation(name: string): string {
    return `o${this.#number('organisation', name)}`;
  }

  /** An address of the same kind: loopback stays, private networks stay private, all others are for documentation. */
  address(text: string): string {
    const [bare = '', zone] = text.split('%');
    const address = toAddress(bare);
    if (address === undefined) return text;
    const hidden = isIP(address) === 4 ? this.#ipv4(address) : this.#ipv6(address);
    return zone === undefined ? hidden : `${hidden}%${zone}`;
  }

  /** An id of the same length and alphabet; the `z` of a long Postfix id and hyphens stay where they are. */
  id(id: string): string {
    if (/^0+$/.test(id)) return id;
    const kept = /^[0-9A-Fa-f]+$/.test(id) ? /[^0-9A-Fa-f]/ : /[-z]/;
    const digits = String(this.#number('id', id)).split('').reverse();
    let next = 0;
    return id
      .split('')
      .reverse()
      .map((char) => (kept.test(char) ? char : (digits[next++] ?? '0')))
      .reverse()
      .join('');
  }

  /** Whether this id was given one already. */
  knowsId(id: string): boolean {
    return this.#tables.get('id')?.has(id) === true;
  }

  #ipv4(address: string): string {
    const [first = 0, second = 0] = address.split('.').map(Number);
    if (first === 127 || first === 0) return address;
    if (first === 10) return this.#counted(address, '10', '10.0');
    if (first === 172 && second >= 16 && second < 32) return this.#counted(address, '172', '172.16');
    if (first === 192 && second === 168) return this.#counted(address, '192', '192.168');
    if (first === 100 && second >= 64 && second < 128) return this.#counted(address, '100', '100.64');
    if (first === 169 && second === 254) return this.#counted(address, '169', '169.254');
    const index = this.#number('public', address) - 1;
    const network = PUBLIC_IPV4[Math.floor(index / PER_NETWORK)];
    if (network !== undefined) return `${network}.${(index % PER_NETWORK) + 1}`;
    return this.#counted(address, 'more', '198.18');
  }

  #counted(address: string, kind: string, prefix: string): string {
    const index = this.#number(kind, address);
    return `${prefix}.${Math.floor(index / 256) % 256}.${index % 256}`;
  }

  #ipv6(address: string): string {
    if (address === '::' || address === '::1' || address.startsWith('::ffff:7f')) return address;
    const prefix = /^f[cd]/.test(address) ? 'fd00' : /^fe[89ab]/.test(address) ? 'fe80' : '2001:db8';
    return `${prefix}::${this.#number(`${prefix}::`, address).toString(16)}`;
  }

  /** 1 for the first of a kind. */
  #number(kind: string, name: string): number {
    let table = this.#tables.get(kind);
    if (table === undefined) {
      table = new Map();
      this.#tables.set(kind, table);
    }
    const known = table.get(name);
    if (known !== undefined) return known;
    table.set(name, table.size + 1);
    return table.size;
  }
}
