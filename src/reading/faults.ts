import { EXIT, Problem } from '../errors.ts';
import type { OverlapError, Segment } from '../ledger/ledger.ts';
import type { Hint } from '../parser.ts';

/** A ledger that is away or full, or a wrong config, stops everything; a bad log stops itself only. */
export function isOfTheLedger(problem: Problem): boolean {
  return problem.exitCode !== EXIT.data && problem.exitCode !== EXIT.unavailable;
}

/** The ledger may be back soon, or have room again. */
export function isPassing({ exitCode }: Problem): boolean {
  return exitCode === EXIT.tryAgain || exitCode === EXIT.cannotWrite;
}

/** What is said of a file whose lines are of a time that another log covers. */
export function refusal(path: string, host: string, error: OverlapError): Problem {
  const minute = (time: number) => new Date(time).toISOString().slice(0, 16).replace('T', ' ');
  return new Problem(EXIT.data, `its lines are of a time that another log of ${host} covers already`, {
    where: path,
    help: `${error.other.name} was read from ${minute(error.from)} to ${minute(error.to)} UTC; if this is really other mail, insist with --overlap count, or name its host with --host`,
    cause: error,
  });
}

/** What is said of a log that was edited after it was read, or of two that have a beginning in common. */
export function lookalike({ path }: Segment): Hint {
  return {
    id: 'lookalike',
    text: `${path} begins like a log that was read before and differs from it later: it was read from its start, as another`,
  };
}
