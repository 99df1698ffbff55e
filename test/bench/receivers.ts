import { Random } from './random.ts';

/** A receiving server as Postfix names it, and what its TLS is like. */
export interface Receiver {
  readonly domain: string;
  /** `H[A]:25`. */
  readonly relay: string;
  /** Behind `TLS connection established to H[A]:25: `; undefined for one without TLS. */
  readonly cipher: string | undefined;
  readonly trust: 'Untrusted' | 'Trusted' | 'Verified' | 'Anonymous';
}

const TLS_13 =
  'TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256';
const TLS_13_ECDSA =
  'TLSv1.3 with cipher TLS_AES_128_GCM_SHA256 (128/128 bits) key-exchange X25519 server-signature ECDSA (prime256v1) server-digest SHA256';
const TLS_12 = 'TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits)';

/** The servers of `count` domains, one to three each; a domain's rank is its place. */
export function makeReceivers(count: number): readonly (readonly [Receiver, ...Receiver[]])[] {
  const random = new Random(count);
  return Array.from({ length: count }, (_, rank) => {
    const domain = `${random.pick(['shop', 'mail', 'kanzlei', 'verein', 'uni'])}-${rank}.${random.pick(['example', 'example.org', 'example.net', 'co.example'])}`;
    const hasTls = random.next() > 0.06;
    const cipher = hasTls ? random.pick([TLS_13, TLS_13, TLS_13_ECDSA, TLS_12]) : undefined;
    const trust = random.pick(['Untrusted', 'Trusted', 'Trusted', 'Verified', 'Anonymous'] as const);
    const receiver = (number: number): Receiver => {
      const address = `${random.below(90) + 100}.${random.below(250)}.${random.below(250)}.${random.below(250) + 1}`;
      return { domain, relay: `mx${number}.${domain}[${address}]:25`, cipher, trust };
    };
    const others = Array.from({ length: random.below(3) }, (_none, number) => receiver(number + 2));
    return [receiver(1), ...others];
  });
}

/** The shares of mail by rank (Zipf's law), added up: the last one is 1. */
export function zipf(count: number): Float64Array {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += 1 / (rank + 1);
    sums[rank] = sum;
  }
  return sums.map((value) => value / sum);
}

/** The rank that a number 0 ≤ x < 1 falls on. */
export function rankOf(sums: Float64Array, x: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] ?? 1) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}
