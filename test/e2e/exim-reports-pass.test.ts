import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocks, pageText } from '../docs/markdown.ts';
import { debianConfig } from './exim/debian.ts';
import { Lab, missing } from './exim/lab.ts';
import type { Receiver, World } from './exim/plan.ts';

const REPORTS = 'tls-reports@sender.test';

function receiver(number: number, name: string, rest: Partial<Receiver> = {}): Receiver {
  return { name, address: `198.51.100.${number}`, fault: 'none', certificate: 'good', ...rest };
}

const GOOD = ['ok.test', 'dane.example'];
const BROKEN = ['plain.test', 'refused.test', 'danebad.example', 'daneplain.example'];
const RECEIVERS: readonly Receiver[] = [
  receiver(1, 'mx.ok.test'),
  receiver(2, 'mx.plain.test', { fault: 'no-starttls' }),
  receiver(3, 'mx.refused.test', { fault: 'starttls-454' }),
  receiver(4, 'mx.danebad.example', { tlsa: 'differ' }),
  receiver(5, 'mx.daneplain.example', { fault: 'no-starttls', tlsa: 'match' }),
  receiver(6, 'mx.dane.example', { certificate: 'self-signed', tlsa: 'match' }),
];
const WORLD: World = {
  sender: '192.0.2.1',
  resolver: '198.51.100.253',
  receivers: RECEIVERS,
  domains: [...GOOD, ...BROKEN].map((name) => ({ name, hosts: [`mx.${name}`] })),
};

/** The recipe as docs/delivery.md gives it, with the lab's sender. */
function recipe(): string[] {
  const block = blocks(pageText('docs/delivery.md')).find(({ language }) => language === 'exim');
  if (block === undefined) throw new Error('docs/delivery.md has no exim block');
  return block.text.trim().replaceAll('tls-reports@sender.example', REPORTS).split('\n');
}

describe('an Exim that demands TLS', () => {
  let lab: Lab;
  beforeAll(async () => {
    const lacking = missing();
    if (lacking !== undefined) throw new Error(`cannot deliver by a real Exim here: ${lacking}`);
    lab = new Lab();
    await lab.start(WORLD);
  });
  afterAll(() => lab?.stop());

  /** The domains that mail of this sender reached. */
  function reached(from: string, transport: readonly string[]): string[] {
    lab.configure((directory) => debianConfig(directory, lab, { transport }));
    lab.takeTruth();
    for (const { name } of WORLD.domains) lab.send(from, [`tls@${name}`]);
    const delivered = lab.takeTruth().filter((each) => each.delivered);
    return [...new Set(delivered.map(({ host }) => host.replace(/^mx\./, '')))].sort();
  }

  it('keeps reports back from receivers whose TLS is broken', () => {
    expect(reached(REPORTS, ['hosts_require_tls = *'])).toEqual([...GOOD].sort());
  });

  it('lets them pass with the recipe (RFC 8460 §5.3.1)', () => {
    expect(reached(REPORTS, recipe())).toEqual([...GOOD, ...BROKEN].sort());
  });

  it('and demands TLS of all other mail as before', () => {
    expect(reached('ann@sender.test', recipe())).toEqual([...GOOD].sort());
  });
});
