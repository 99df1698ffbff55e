import { z } from 'zod';
import type { FleetHost, Ledger } from './ledger/ledger.ts';

/** A difference of clocks that matters to nobody, ms. */
export const CLOCK_SLACK_MS = 60_000;
/** A word is said again when it has changed by so much, ms … */
const CHANGE_MS = 10_000;
/** … or when nothing was said for so long, ms, for it is forgotten when it is old. */
const SAY_AGAIN_MS = 86_400_000;

/** Kept as the note `host:NAME`. */
const wordSchema = z.object({
  at: z.number(),
  /** How far its clock is ahead of the ledger's, ms; 0 within {@link CLOCK_SLACK_MS}. */
  ahead: z.number(),
  /** The machine that said it last, and the one before. */
  machine: z.string().optional(),
  former: z.string().optional(),
  /** When one of these two was heard of although the other had taken over. */
  clashAt: z.number().optional(),
});
type Word = z.infer<typeof wordSchema>;

/** What a host says of itself when it checks in. */
interface CheckedIn {
  /** UTC ms, by its clock. */
  readonly at: number;
  /** How far its clock is ahead of the ledger's, ms. */
  readonly ahead: number;
  /** Tells machines apart, until they boot. */
  readonly machine?: string;
}

/** Notes what a host says of its clock and its machine. */
export async function noteWord(ledger: Ledger, host: string, said: CheckedIn): Promise<void> {
  const known = wordSchema.safeParse(await ledger.note(noteName(host))).data;
  const word = nextWord(known, said);
  if (known === undefined || isNews(known, word)) await ledger.setNote(noteName(host), word);
}

/**
 * Notes of a host that comes by file that its clock is ahead, where the file's time is yet to come. That it is right
 * again a later file tells; that it is behind none can, for files take their time.
 * @param exportedAt by the host's clock, UTC ms
 * @param now by ours, UTC ms
 */
export async function noteExport(
  ledger: Ledger,
  host: string,
  exportedAt: number,
  now: number,
): Promise<void> {
  const ahead = exportedAt - now;
  const known = wordSchema.safeParse(await ledger.note(noteName(host))).data;
  const isRight = ahead < CLOCK_SLACK_MS;
  if (isRight && (known === undefined || known.ahead === 0 || exportedAt <= known.at)) return;
  await noteWord(ledger, host, { at: now, ahead: isRight ? 0 : ahead });
}

function noteName(host: string): string {
  return `host:${host}`;
}

function nextWord(known: Word | undefined, { at, ahead, machine = known?.machine }: CheckedIn) {
  const isNew = machine !== known?.machine;
  const former = isNew ? known?.machine : known?.former;
  const clashAt = isNew && machine === known?.former ? at : known?.clashAt;
  return {
    at,
    ahead: Math.abs(ahead) < CLOCK_SLACK_MS ? 0 : ahead,
    ...(machine !== undefined && { machine }),
    ...(former !== undefined && { former }),
    ...(clashAt !== undefined && { clashAt }),
  };
}

function isNews(known: Word, word: Word): boolean {
  return (
    word.machine !== known.machine ||
    Math.abs(word.ahead - known.ahead) >= CHANGE_MS ||
    Math.abs(word.at - known.at) >= SAY_AGAIN_MS
  );
}

/** What is known of a host by its own word. */
interface HostWord {
  /** How far its clock is ahead of the ledger's, ms; 0 within a minute. */
  readonly ahead: number;
  /** When two machines were last seen to use its name, UTC ms. */
  readonly clashAt?: number;
}

/** Reads what {@link noteWord} has written. */
export function wordOf({ noted }: FleetHost): HostWord {
  const known = wordSchema.safeParse(noted).data;
  return { ahead: known?.ahead ?? 0, ...(known?.clashAt !== undefined && { clashAt: known.clashAt }) };
}
