/** 1 MiB: of 200 000 keys one in some hundred others is taken for one that was noted. */
const BITS = 2 ** 23;
const PRIME = 0x01000193;
const GOLDEN = 0x9e3779b1;
/** No key of a parser begins so. */
const HOST = '\0';

/**
 * Which keys of the open-sessions table a stretch of lines asked for, changed, or let fall idle, and of which hosts they
 * were: on all else their meaning does not depend. A Bloom filter (B. H. Bloom, 1970), for there may be as many as lines:
 * it never misses one, and may take one for noted that was not.
 */
export class ConsultedKeys {
  /** Two bits are set for each. */
  readonly bits: Uint32Array<ArrayBuffer>;
  #last: string | undefined;

  /** @param bits of one made in another thread */
  constructor(bits = new Uint32Array(BITS / 32)) {
    this.bits = bits;
  }

  add(key: string): void {
    // A line asks for its key several times.
    if (key === this.#last) return;
    this.#last = key;
    const hash = hashOf(key);
    this.#set(hash);
    this.#set(Math.imul(hash, GOLDEN));
  }

  addHost(host: string): void {
    this.add(HOST + host);
  }

  mayHold(key: string): boolean {
    const hash = hashOf(key);
    return this.#has(hash) && this.#has(Math.imul(hash, GOLDEN));
  }

  mayHoldHost(host: string): boolean {
    return this.mayHold(HOST + host);
  }

  #set(hash: number): void {
    const bit = hash >>> 9;
    this.bits[bit >>> 5] = (this.bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
  }

  #has(hash: number): boolean {
    const bit = hash >>> 9;
    return ((this.bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
  }
}

/** FNV-1a, 32 bits. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), PRIME);
  return hash;
}
