import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { zoneOf } from '../../src/logs/zone.ts';
import type { LogParser } from '../../src/parser.ts';
import { ChainReading } from '../../src/reading/chain-reading.ts';
import { emptySummary, type ReadingDeps, type ReadSummary, type Source } from '../../src/reading/source.ts';

/** The first line's time; each further line is a second later. */
export const BEGIN = Date.parse('2026-11-20T10:00:00Z');
const KEEP = 30 * 86_400_000;

/**
 * A log of numbered lines: each is a session with the domain of its number. The open table holds the last number, and
 * a line that does not come after it gives a session of its own.
 */
export function numberedParser(): LogParser {
  return {
    envelope: 'syslog',
    needles: ['line '],
    matters: ({ message }) => !message.startsWith('noise '),
    idleSeconds: 1_000_000,
    entry(entry, open, emit) {
      const number = Number(/^line (\d+)\b/.exec(entry.message)?.[1] ?? Number.NaN);
      const last = Number(open.get('last')?.['number'] ?? -1);
      open.set('last', { number });
      const session = { time: entry.time, outcome: 'success', basis: 'tls-line' } as const;
      emit({ ...session, recipientDomain: `n${number}.test` });
      if (number !== last + 1) emit({ ...session, recipientDomain: `after-${last}.came-${number}.test` });
    },
  };
}

export function linesOf(from: number, to: number): string {
  let text = '';
  for (let number = from; number < to; number++) text += `${stampOf(number)} mta1 test[1]: line ${number}\n`;
  return text;
}

export function stampOf(number: number): string {
  return new Date(BEGIN + number * 1000).toISOString();
}

/** A directory with a ledger in it and a log beside it. */
export class Bench {
  readonly directory: string;
  readonly ledger: Ledger;
  /** What the clock shows. */
  now = Date.now();

  private constructor(directory: string, ledger: Ledger) {
    this.directory = directory;
    this.ledger = ledger;
  }

  static async make(): Promise<Bench> {
    const directory = await mkdtemp(join(tmpdir(), 'maillog-tlsrpt-reading-'));
    return new Bench(directory, await openLedger(join(directory, 'state')));
  }

  at(name: string): string {
    return join(this.directory, name);
  }

  source(name = 'mail.log'): Source {
    return {
      host: 'mta1',
      parserName: 'numbered',
      makeParser: numberedParser,
      zone: zoneOf('UTC'),
      name: this.at(name),
      overlap: 'count',
    };
  }

  /** @param rotated the directory that rotations are moved to */
  chain(
    name?: string,
    more: Partial<Pick<ReadingDeps, 'signal' | 'onBytes' | 'ledger'>> = {},
    rotated?: string,
  ): ChainReading {
    const deps = { ledger: this.ledger, clock: { now: () => this.now }, ...more };
    const source = { ...this.source(name), ...(rotated !== undefined && { rotated: this.at(rotated) }) };
    return new ChainReading(deps, source, KEEP);
  }

  /** One pass by a process of its own. */
  async read(name?: string, rotated?: string): Promise<ReadSummary> {
    const summary = emptySummary();
    await this.chain(name, {}, rotated).pass(summary);
    return summary;
  }

  /** The numbers counted, sorted, each as often as it was; what came out of turn as text. */
  async counted(): Promise<(number | string)[]> {
    const counted: (number | string)[] = [];
    for (const { recipientDomain, count } of await this.ledger.tallies({})) {
      const number = /^n(\d+)\.test$/.exec(recipientDomain)?.[1];
      for (let left = count; left > 0; left--)
        counted.push(number === undefined ? recipientDomain : Number(number));
    }
    return counted.sort((a, b) => Number(a) - Number(b));
  }

  async remove(): Promise<void> {
    await this.ledger.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** A function that makes a bench for one test; all are removed when it is over. */
export function benches(): () => Promise<Bench> {
  const made: Bench[] = [];
  afterEach(async () => {
    for (const bench of made.splice(0)) await bench.remove();
  });
  return async () => {
    const bench = await Bench.make();
    made.push(bench);
    return bench;
  };
}

export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}
