import type { Day } from '../day.ts';
import { number, text } from './rows.ts';
import type { SqlConnection } from './sql.ts';

/** How the sessions with one domain went on one UTC day. */
export interface DomainOutcome {
  readonly day: Day;
  readonly domain: string;
  readonly successes: number;
  readonly failures: number;
  /** Start of the last hour with a success, and with a failure, UTC ms; 0: there was none. */
  readonly lastSuccess: number;
  readonly lastFailure: number;
}

/** The days from `since` on of those domains that had a failure on `failing` or later, and of `also`. */
export async function failingDomains(
  connection: SqlConnection,
  since: Day,
  failing: Day,
  also: readonly string[],
): Promise<DomainOutcome[]> {
  const named = also.map((_, index) => `$${index + 3}`).join(', ');
  const rows = await connection.query(
    `SELECT day, domain,
       SUM(CASE WHEN outcome = 'success' THEN sessions ELSE 0 END) AS successes,
       SUM(CASE WHEN outcome = 'failure' THEN sessions ELSE 0 END) AS failures,
       MAX(CASE WHEN outcome = 'success' THEN last_hour ELSE 0 END) AS last_success,
       MAX(CASE WHEN outcome = 'failure' THEN last_hour ELSE 0 END) AS last_failure
     FROM tally WHERE own = 0 AND day >= $1
       AND (domain IN (SELECT domain FROM tally WHERE own = 0 AND outcome = 'failure' AND day >= $2)
         ${also.length === 0 ? '' : `OR domain IN (${named})`})
     GROUP BY day, domain ORDER BY domain, day`,
    [since, failing, ...also],
  );
  return rows.map((row) => ({
    day: text(row, 'day'),
    domain: text(row, 'domain'),
    successes: number(row, 'successes'),
    failures: number(row, 'failures'),
    lastSuccess: number(row, 'last_success'),
    lastFailure: number(row, 'last_failure'),
  }));
}
