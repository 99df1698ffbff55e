import { type ReturnedReport, toDomain } from 'maillog-tlsrpt/parser';
import { stateOf, type Table } from './state.ts';

/** The core asks at the end of a pass only, and the pass after a broken one asks again. */
const RETURNED_SECONDS = 86_400;
const KEY = 'returned ';

/**
 * `** ADDR …` on a message of ours: the report comes back. An address that is not plain, or that stands for another
 * one (`ADDR <ORIGINAL>`), is passed over: records name plain ones.
 */
export function noteReturn(text: string, time: number, table: Table): void {
  const recipient = /^\*\* ([^\s"<>@]+@[^\s"<>@:]+)(?= [A-Z]{1,2}=|:)/.exec(text)?.[1];
  if (recipient === undefined || toDomain(recipient.slice(recipient.indexOf('@') + 1)) === undefined) return;
  table.set(`${KEY}${recipient}`, { kind: 'returned', time }, RETURNED_SECONDS);
}

/** The reports that came back lately. */
export function returnedReports(table: Table, keys: Iterable<string>): ReturnedReport[] {
  return [...keys]
    .filter((key) => key.startsWith(KEY))
    .flatMap((key) => {
      const state = stateOf(table.get(key), 'returned');
      return state === undefined ? [] : [{ recipient: key.slice(KEY.length), time: state.time }];
    });
}
