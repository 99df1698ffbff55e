import { EXIT, Problem } from '../errors.ts';
import type { OverlapError, Segment } from '../ledger/ledger.ts';
import type { Hint } from '../parser.ts';
import { isoTime, minuteText } from '../time-text.ts';
import type { Edit } from './edited.ts';

/** A ledger that is away or full, or a wrong config, stops everything; a bad log stops itself only. */
export function isOfTheLedger(problem: Problem): boolean {
  return problem.exitCode !== EXIT.data && problem.exitCode !== EXIT.unavailable;
}

/** The ledger may be back soon, or have room again. */
export function isPassing({ exitCode }: Problem): boolean {
  return exitCode === EXIT.tryAgain || exitCode === EXIT.cannotWrite;
}

/** What is said of a file whose lines are of a time that another file of its host covers. */
export function refusal(path: string, host: string, error: OverlapError): Problem {
  const { from, until } = error.covered;
  return new Problem(EXIT.data, `its lines are of a time that another file of ${host} covers already`, {
    where: path,
    help: `${error.path} was read from ${minuteText(from)} to ${minuteText(until)} UTC; if this is really other mail, insist with --overlap count, or name its host with --host`,
    cause: error,
  });
}

/** What is said of an archive that holds lines that were read before, in another file. */
export function refusedEdit(path: string, { of }: Edit): Problem {
  const [segment] = of;
  return new Problem(EXIT.data, 'it holds lines that were read before: it is a log that was edited since', {
    where: path,
    help: `${segment?.path ?? 'the log'} was read before it was edited; if these are really other lines, insist with --overlap count`,
  });
}

/** What is said of a segment met for the first time. */
export function noticesOf(segment: Segment, edit: Edit | undefined): Hint[] {
  if (edit !== undefined) return [edited(segment, edit)];
  return segment.tie > 0 ? [lookalike(segment)] : [];
}

/** What is said of a configured log that was edited, and is read on. */
function edited({ path }: Segment, { exact, covered }: Edit): Hint {
  const how = exact
    ? 'reading goes on behind the lines that were read before, and nothing is lost or counted twice'
    : `the place where reading had stopped is gone, so reading goes on with what was logged after ${isoTime(covered)}`;
  return { id: 'edited', text: `${path} was edited after it was read: ${how}` };
}

/** What is said of a log that was edited after it was read, or of two that have a beginning in common. */
function lookalike({ path }: Segment): Hint {
  return {
    id: 'lookalike',
    text: `${path} begins like a log that was read before and differs from it later: it was read from its start, as another`,
  };
}
