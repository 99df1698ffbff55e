import { BytePattern } from '../byte-pattern.ts';

/** More hosts than this in one file, or programs of one host, push out those met first. */
const MOST_HOSTS = 64;
const MOST_PROGRAMS = 64;

/** What the lines of one program of one host have in common behind their stamps: `blank host blank program [`. */
export interface ByteTag {
  readonly host: string;
  readonly program: string;
  /** Which needles a line of it must hold one of, as {@link LineHeads} tells it. */
  readonly needles: number;
}

interface Known {
  readonly tag: ByteTag;
  /** `program [`. */
  readonly bytes: Uint8Array;
  readonly pattern: BytePattern;
}

/** The tags of one host, found by the first byte in which they differ: in most logs all begin with `postfix/`. */
class HostTags {
  /** `blank host blank`. */
  readonly name: Buffer;
  readonly pattern: BytePattern;
  /** The index behind the tag found last. */
  end = 0;
  readonly #tags: Known[] = [];
  #shared = 0;
  #byByte: (Known[] | undefined)[] = [];

  constructor(name: Buffer) {
    this.name = name;
    this.pattern = new BytePattern(name);
  }

  find(view: DataView, at: number, end: number): ByteTag | undefined {
    const place = at + this.#shared;
    const alike = place < end ? this.#byByte[view.getUint8(place)] : undefined;
    if (alike === undefined) return undefined;
    for (let index = 0; index < alike.length; index++) {
      const known = alike[index];
      if (known === undefined || !known.pattern.standsAt(view, at, end)) continue;
      this.end = at + known.pattern.length;
      return known.tag;
    }
    return undefined;
  }

  add(tag: ByteTag, bytes: Uint8Array): void {
    const known = { tag, bytes, pattern: new BytePattern(bytes) };
    if (this.#tags.length >= MOST_PROGRAMS) this.#tags.shift();
    this.#shared = this.#tags.reduce(
      (most, other) => sharedLength(other.bytes, bytes, most),
      bytes.length - 1,
    );
    this.#tags.push(known);
    this.#byByte = new Array<Known[] | undefined>(256).fill(undefined);
    for (const one of this.#tags) {
      const byte = one.bytes[this.#shared] ?? 0;
      this.#byByte[byte] = [...(this.#byByte[byte] ?? []), one];
    }
  }
}

/** Hosts and programs of lines, found by their bytes. */
export class ByteTags {
  /** The index behind the tag found last. */
  end = 0;
  readonly #hosts: HostTags[] = [];
  #last: HostTags | undefined;

  /** The tag that stands at `at`, right behind a stamp; undefined if it is new. */
  find(view: DataView, at: number, end: number): ByteTag | undefined {
    const host = this.#hostAt(view, at, end);
    if (host === undefined) return undefined;
    const tag = host.find(view, at + host.pattern.length, end);
    this.end = host.end;
    return tag;
  }

  /** Takes up a new tag that stands at `at`; does nothing if it is written in another way there. */
  learn(view: DataView, at: number, end: number, tag: ByteTag): void {
    const bytes = Buffer.from(` ${tag.host} ${tag.program}[`, 'latin1');
    const isPlain = bytes.every((byte) => byte > 0 && byte < 0x80);
    if (!isPlain || !new BytePattern(bytes).standsAt(view, at, end)) return;
    const name = bytes.subarray(0, tag.host.length + 2);
    let host = this.#hosts.find((known) => known.name.equals(name));
    if (host === undefined) {
      host = new HostTags(name);
      if (this.#hosts.length >= MOST_HOSTS) this.#hosts.shift();
      this.#hosts.push(host);
    }
    host.add(tag, bytes.subarray(name.length));
  }

  #hostAt(view: DataView, at: number, end: number): HostTags | undefined {
    if (this.#last?.pattern.standsAt(view, at, end) === true) return this.#last;
    for (const host of this.#hosts) {
      if (!host.pattern.standsAt(view, at, end)) continue;
      this.#last = host;
      return host;
    }
    return undefined;
  }
}

/** How many bytes both begin with, at most so many; a tag ends with a bracket, so no other one goes on behind it. */
function sharedLength(a: Uint8Array, b: Uint8Array, most: number): number {
  let length = 0;
  const limit = Math.min(most, a.length, b.length);
  while (length < limit && a[length] === b[length]) length += 1;
  return length;
}
