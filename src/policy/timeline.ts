import { z } from 'zod';
import { hourOf } from '../day.ts';
import { toDomain } from '../domain.ts';
import { EXIT, Problem } from '../errors.ts';
import { canonicalJson, type Snapshot, snapshotJson, snapshotSchema } from './snapshot.ts';

const HOUR_MS = 3_600_000;

const lineSchema = z.strictObject({
  /** When it was found: RFC 3339, UTC. */
  time: z.iso.datetime(),
  snapshot: snapshotSchema,
});

/** Policies as they were found over time, for the attribution of days that are over (`--policies FILE`). */
export interface Timeline {
  /** What was found of a domain, oldest first. */
  of(domain: string): readonly { readonly time: number; readonly snapshot: Snapshot }[];
  readonly domains: number;
}

/** A stretch of hours with one and the same policies. */
export interface Stretch {
  /** Starts of the first and the last hour, UTC ms. */
  readonly fromHour: number;
  readonly toHour: number;
  readonly snapshot: Snapshot;
  /** When the snapshot was found, UTC ms. */
  readonly foundAt: number;
}

/** One line of a timeline, as `lookup --record` prints it: append them all to one file. */
export function timelineLine(time: number, snapshot: Snapshot): string {
  return canonicalJson({ snapshot: snapshotJson(snapshot), time: new Date(time).toISOString() });
}

/**
 * Reads a timeline: one JSON object a line, in any order; empty lines are passed over.
 * @throws Problem (data) naming file and line.
 */
export function readTimeline(text: string, path: string): Timeline {
  const byDomain = new Map<string, { time: number; snapshot: Snapshot }[]>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const { time, snapshot } = readLine(line, `${path}:${index + 1}`);
    const known = byDomain.get(snapshot.domain) ?? [];
    known.push({ time: Date.parse(time), snapshot });
    byDomain.set(snapshot.domain, known);
  }
  for (const entries of byDomain.values()) entries.sort((a, b) => a.time - b.time);
  return { of: (domain) => byDomain.get(toDomain(domain) ?? domain) ?? [], domains: byDomain.size };
}

function readLine(line: string, where: string): z.infer<typeof lineSchema> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw notALine(where, 'it is not JSON');
  }
  const parsed = lineSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw notALine(where, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

function notALine(where: string, fault: string): Problem {
  return new Problem(EXIT.data, `this is no line of a policy timeline: ${fault}`, {
    where,
    help: 'lines are made by `maillog-tlsrpt lookup --record DOMAIN… >> FILE`',
  });
}

/**
 * The policies in force in the hours from..to (starts of hours, UTC ms): each hour has what was found last before its
 * end. Hours before the first finding are in no stretch: nobody looked then.
 */
export function stretches(timeline: Timeline, domain: string, fromHour: number, toHour: number): Stretch[] {
  const result: Stretch[] = [];
  const entries = timeline.of(domain);
  for (const [index, { time, snapshot }] of entries.entries()) {
    const next = entries[index + 1];
    // From the hour it was found in, up to the hour before the one the next was found in.
    const first = Math.max(fromHour, hourOf(time));
    const last = next === undefined ? toHour : Math.min(toHour, hourOf(next.time) - HOUR_MS);
    if (first <= last) result.push({ fromHour: first, toHour: last, snapshot, foundAt: time });
  }
  return result;
}
