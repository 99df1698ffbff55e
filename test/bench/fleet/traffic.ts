import type { IngestBatch, TallyKey } from '../../../src/ledger/ledger.ts';
import { randomNumbers } from '../../e2e/fleet/log-maker.ts';

const HOUR_MS = 3_600_000;

/** What one host sends to whom: few domains take most of the mail, and most take a message now and then. */
export class Traffic {
  readonly #cumulated: Float64Array;
  readonly #random: () => number;
  readonly #host: string;
  readonly #day: number;

  /** @param day its first millisecond */
  constructor(host: string, seed: number, domains: number, day: number) {
    this.#host = host;
    this.#day = day;
    this.#random = randomNumbers(seed);
    this.#cumulated = new Float64Array(domains);
    let sum = 0;
    for (let rank = 0; rank < domains; rank++) {
      sum += 1 / (rank + 10);
      this.#cumulated[rank] = sum;
    }
  }

  /** The tallies of one hour with so many sessions. */
  hour(hour: number, sessions: number): IngestBatch['sessions'] {
    const tallies = new Map<string, { key: TallyKey; count: number }>();
    for (let session = 0; session < sessions; session++) {
      const rank = this.#domain();
      const kind = this.#random();
      const name = `${rank} ${kind < 0.01 ? 'failed' : kind < 0.1 ? 'older' : ''}`;
      const known = tallies.get(name);
      if (known !== undefined) known.count++;
      else tallies.set(name, { key: this.#key(hour, rank, kind), count: 1 });
    }
    return tallies;
  }

  #key(hour: number, rank: number, kind: number): TallyKey {
    const key: TallyKey = {
      hour: this.#day + hour * HOUR_MS,
      host: this.#host,
      parser: 'postfix',
      recipientDomain: `domain${rank}.example`,
      outcome: 'success',
      receivingMxHostname: `mx1.domain${rank}.example`,
      peerTrust: 'trusted',
      tlsVersion: kind < 0.1 ? 'TLSv1.2' : 'TLSv1.3',
      basis: 'tls-line',
    };
    if (kind >= 0.01) return key;
    const failed = { outcome: 'failure', resultType: 'certificate-expired', peerTrust: 'untrusted' } as const;
    return { ...key, ...failed, receivingIp: `192.0.2.${rank % 250}` };
  }

  #domain(): number {
    const wanted = this.#random() * (this.#cumulated.at(-1) ?? 0);
    let low = 0;
    let high = this.#cumulated.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#cumulated[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
