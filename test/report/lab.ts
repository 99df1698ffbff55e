import { type Config, configSchema } from '../../src/config.ts';
import type { Tally } from '../../src/ledger/ledger.ts';
import { type Attributed, attribute } from '../../src/policy/attribute.ts';
import { type Built, buildReport } from '../../src/report/build.ts';

export const DAY = '2026-11-22';
const NOON = Date.parse('2026-11-22T12:00:00Z');

/** A tally of one successful session to example.org, changed as asked. */
export function tally(change: Partial<Tally>): Tally {
  return {
    id: 1,
    hour: NOON,
    host: 'mta1',
    parser: 'postfix',
    recipientDomain: 'example.org',
    outcome: 'success',
    receivingMxHostname: 'mx.example.org',
    basis: 'tls-line',
    count: 1,
    snapshot: null,
    revision: 0,
    ...change,
  };
}

export interface BuildChange {
  readonly tallies: readonly Tally[];
  readonly rules?: Record<string, unknown>;
  readonly attribute?: (tally: Tally) => readonly Attributed[];
  readonly organization?: string;
  readonly revision?: number;
}

/** Builds as the pipeline does; without snapshots unless `attribute` brings some. */
export function tryBuild(change: BuildChange): Built {
  return buildReport({
    day: DAY,
    domain: 'example.org',
    revision: change.revision ?? 1,
    instance: '0123456789',
    tallies: change.tallies,
    attribute: change.attribute ?? ((one) => attribute(one, undefined, HONOURS)),
    config: labConfig(change),
  });
}

/** The same where a report must come of it. */
export function build(change: BuildChange): Extract<Built, { kind: 'report' }> {
  const built = tryBuild(change);
  if (built.kind !== 'report') throw new Error(`no report: ${built.reason}`);
  return built;
}

export const HONOURS = { dane: true, mtaSts: true, trustAnchors: true };

function labConfig(change: BuildChange): Config {
  return configSchema.parse({
    organization: change.organization ?? 'Example Sender',
    contact: 'tls-reports@sender.example',
    state: '/nowhere',
    report: { ...change.rules },
  });
}
