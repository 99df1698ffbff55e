import type { TallyKey } from '../../src/ledger/ledger.ts';
import type { Snapshot, Sts } from '../../src/policy/snapshot.ts';

const HASH = 'AB'.repeat(32);
export const TLSA = [`3 1 1 ${HASH}`];
export const LINES = ['version: STSv1', 'mode: enforce', 'mx: *.example.com', 'max_age: 86400'];

export function tally(changes: Partial<TallyKey>): TallyKey {
  return {
    hour: Date.UTC(2026, 10, 2, 9),
    host: 'mail',
    parser: 'postfix',
    recipientDomain: 'example.com',
    receivingMxHostname: 'mx.example.com',
    outcome: 'success',
    basis: 'tls-line',
    ...changes,
  };
}

export function policy(mode: 'enforce' | 'testing' | 'none'): Extract<Sts, { state: 'policy' }> {
  return { state: 'policy', mode, lines: LINES, mx: ['*.example.com', 'mail.example.com'] };
}

export function snapshot(given: { secure?: boolean; usable?: boolean; base?: string; sts?: Sts }): Snapshot {
  const dane =
    given.usable === undefined
      ? ({ state: 'none' } as const)
      : ({
          state: 'secure',
          baseDomain: given.base ?? 'mx.example.com',
          records: TLSA,
          usable: given.usable,
        } as const);
  return {
    version: 1,
    domain: 'example.com',
    origin: 'found',
    mx: { state: 'found', secure: given.secure ?? false, hosts: [{ name: 'mx.example.com', dane }] },
    sts: given.sts ?? { state: 'none' },
  };
}
