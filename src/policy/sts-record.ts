import { isAbsent, type Resolver, type Unanswered } from './dns.ts';

/** What `_mta-sts.<domain>` announces (RFC 8461 §3.1). */
export type StsRecord =
  | { readonly kind: 'record'; readonly id: string }
  | { readonly kind: 'none'; readonly reason: string }
  | Unanswered;

/** Looks up and reads the announcement of an MTA-STS policy. */
export async function findStsRecord(resolver: Resolver, domain: string): Promise<StsRecord> {
  const answer = await resolver.lookup(`_mta-sts.${domain}`, 'TXT');
  if (isAbsent(answer)) return { kind: 'none', reason: 'no TXT record at _mta-sts' };
  if (answer.kind === 'temporary') return answer;
  if (answer.kind === 'bogus') return { kind: 'none', reason: `the answer is forged (${answer.reason})` };
  return readStsRecords(answer.records);
}

/**
 * Reads the TXT strings of `_mta-sts`: those that do not begin with the version are passed over, and anything but
 * exactly one with an id is no policy (RFC 8461 §3.1).
 */
export function readStsRecords(texts: readonly string[]): Exclude<StsRecord, { kind: 'temporary' }> {
  const ours = texts.filter((text) => /^v=STSv1[ \t]*;/.test(text));
  const [text] = ours;
  if (text === undefined) return { kind: 'none', reason: 'no TXT record begins with v=STSv1;' };
  if (ours.length > 1) return { kind: 'none', reason: `${ours.length} MTA-STS records where one is allowed` };
  const ids = text.split(';').flatMap((field) => {
    const id = /^[ \t]*id=([^ \t]*)[ \t]*$/.exec(field)?.[1];
    return id === undefined ? [] : [id];
  });
  const [id] = ids;
  if (id === undefined) return { kind: 'none', reason: 'the record has no id' };
  if (!/^[A-Za-z0-9]{1,32}$/.test(id))
    return { kind: 'none', reason: 'the id is not 1 to 32 letters and digits' };
  return { kind: 'record', id };
}
