import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EXIT, Problem, systemReason } from '../errors.ts';
import { attributeFromTimeline } from '../policy/attribute-past.ts';
import { attributeTallies } from '../policy/attribute-tallies.ts';
import { resolveHonours } from '../policy/local-mta.ts';
import { configuredResolver } from '../policy/network.ts';
import { readTimeline, type Timeline } from '../policy/timeline.ts';
import type { Context } from './context.ts';

/** Which policies sessions of the past are to count under (`backfill --policies`). */
export type PastPolicies =
  | { readonly kind: 'none' }
  | { readonly kind: 'now' }
  | { readonly kind: 'timeline'; readonly timeline: Timeline; readonly path: string };

/** What came of it, in a sentence and for machines. */
export interface PastSummary {
  readonly words: string;
  readonly attributed: number;
  readonly temporary: number;
}

/**
 * Reads the value of `--policies`: `none`, `now`, or a file made by `lookup --record`. Read before any log, so that a
 * bad file is refused before anything is done.
 * @throws Problem (usage, data)
 */
export async function pastPolicies(value: string, offline: boolean): Promise<PastPolicies> {
  if (value === 'none') return { kind: 'none' };
  if (value === 'now') {
    if (!offline) return { kind: 'now' };
    throw new Problem(EXIT.usage, '--policies now asks the DNS, and --offline forbids it');
  }
  const path = resolve(value);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new Problem(EXIT.data, `cannot read the timeline of policies: ${systemReason(error)}`, {
      where: path,
      help: '--policies takes none, now, or a file made by `maillog-tlsrpt lookup --record`',
      cause: error,
    });
  }
  return { kind: 'timeline', timeline: readTimeline(text, path), path };
}

/** Gives what was read, and has no policies yet, those of the past. */
export async function applyPastPolicies(context: Context, past: PastPolicies): Promise<PastSummary> {
  const { ledger, clock, config, witness } = context;
  if (past.kind === 'none') {
    const words = 'policies of the past are unknown: what the log does not prove counts as no-policy-found';
    return { words, attributed: 0, temporary: 0 };
  }
  if (past.kind === 'timeline') {
    const attributed = await attributeFromTimeline(ledger, past.timeline);
    return { words: `policies of ${attributed} domains from ${past.path}`, attributed, temporary: 0 };
  }
  const resolver = await configuredResolver(config.dns, clock, witness);
  const honours = await resolveHonours(config);
  const found = await attributeTallies({ ledger, clock, config, resolver, honours, witness }, 0);
  const open = found.temporary + found.left;
  const rest = open === 0 ? '' : `; ${open} could not be looked up now (${found.reason ?? ''})`;
  return {
    words: `today's policies of ${found.attributed} domains stand in for those of the past${rest}`,
    attributed: found.attributed,
    temporary: open,
  };
}
