import { addDays, type Day } from '../day.ts';
import type { Ledger, OutboxRow, StoredReport } from '../ledger/ledger.ts';
import { reportSchema } from '../report/schema.ts';
import type { ResultType } from '../result-type.ts';
import { gzipReport } from './gzip.ts';
import type { FailingSince } from './human-part.ts';
import type { MailSetup } from './mail-setup.ts';
import { buildMessage } from './message.ts';
import type { Target } from './target.ts';

/** How far back "seen since" looks. */
const MAX_DAYS_BACK = 14;

/**
 * The bytes that go to one target: the signed mail, or the compressed document. Built once; the ledger keeps them for
 * every retry.
 */
export async function buildParcel(
  deps: { readonly ledger: Ledger; readonly setup: MailSetup },
  report: StoredReport,
  row: Pick<OutboxRow, 'rua'>,
  target: Target,
  time: number,
): Promise<Uint8Array> {
  if (target.kind !== 'mail') return gzipReport(report.json);
  return buildMessage({
    report,
    to: target.address,
    rua: row.rua,
    from: deps.setup.from,
    submitter: deps.setup.submitter,
    since: await failingSince(deps.ledger, report),
    time,
    keys: deps.setup.keys,
  });
}

/** Reads our earlier reports on the domain, back to the first day without one. */
export async function failingSince(ledger: Ledger, report: StoredReport): Promise<FailingSince> {
  const since = new Map<ResultType, Day>();
  let still = resultTypes(report.json);
  for (let back = 1; back <= MAX_DAYS_BACK && still.size > 0; back++) {
    const day = addDays(report.day, -back);
    const earlier = await ledger.report(day, report.domain);
    const types = earlier === undefined ? new Set<ResultType>() : resultTypes(earlier.json);
    still = new Set([...still].filter((type) => types.has(type)));
    for (const type of still) since.set(type, day);
  }
  return (type) => since.get(type);
}

function resultTypes(json: string): Set<ResultType> {
  const { policies } = reportSchema.parse(JSON.parse(json));
  return new Set(
    policies.flatMap((entry) => (entry['failure-details'] ?? []).map((one) => one['result-type'])),
  );
}
