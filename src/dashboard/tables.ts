import { OUTBOX_STATES, type OutboxState } from '../ledger/ledger.ts';
import type { Dashboard, DayRow, DomainRow, FailureRow } from './data.ts';
import { type Html, html } from './html.ts';
import { CLASS_WORDS, type ClassCounts, TLS_CLASSES, type TlsClass, totalOf } from './tls-class.ts';
import { sparkline } from './trend-chart.ts';

/** A heading cell; with a button where the column can be sorted by. */
function head(title: string, kind: '' | 'number' = '', priority: '' | 'wide' = '', sorted = ''): Html {
  const sort = sorted === '' ? html`` : html` aria-sort="${sorted}"`;
  return html`<th scope="col" class="${kind} ${priority}"${sort}><button type="button">${title}</button></th>`;
}

function numberCell(value: number, priority: '' | 'wide' = ''): Html {
  return html`<td class="number ${priority}" data-value="${value}">${value.toLocaleString('en')}</td>`;
}

function timeCell(time: number | undefined, priority: '' | 'wide' = ''): Html {
  const words = time === undefined ? '–' : `${new Date(time).toISOString().slice(0, 13).replace('T', ' ')}h`;
  return html`<td class="${priority}" data-value="${time ?? 0}">${words}</td>`;
}

/** The table of destinations, with its filter. */
export function domainsTable({ domains, furtherDomains }: Dashboard): Html {
  const further =
    furtherDomains === 0
      ? html``
      : html`<p class="soft">${furtherDomains} less busy domains are not listed (dashboard --domains).</p>`;
  return html`<div class="filters">
<div><label for="words">Domain contains</label><input id="words" type="search" autocomplete="off" spellcheck="false"></div>
<div><label for="only">Only those with</label><select id="only"><option value="">anything</option><option value="reported">failures in the report</option>${TLS_CLASSES.map((name) => html`<option value="${name}">${CLASS_WORDS[name].title}</option>`)}</select></div>
<div id="shown" class="soft">${domains.length} of ${domains.length} domains</div></div>
<div class="scroll" tabindex="0" role="region" aria-label="Table of destinations"><table id="domains"><caption class="hidden">TLS posture of each destination domain</caption>
<thead><tr>${head('Domain')}${head('Sessions', 'number', '', 'descending')}${head('Encrypted', 'number', 'wide')}${head('Failures', 'number')}<th scope="col">Share</th>${head('Policy', '', 'wide')}${head('Last failure', '', 'wide')}<th scope="col" class="wide">Days</th></tr></thead>
<tbody>${domains.map(domainRow)}</tbody></table></div>${further}`;
}

function domainRow(row: DomainRow): Html {
  const has = [
    ...TLS_CLASSES.filter((name) => row.counts[name] > 0),
    ...(row.reported > 0 ? ['reported'] : []),
  ];
  const encrypted = encryptedShare(row.counts);
  return html`<tr data-has="${has.join(' ')}"><th scope="row">${row.domain}</th>${numberCell(row.sessions)}
<td class="number wide" data-value="${encrypted}">${percent(encrypted)}</td>${numberCell(row.reported)}<td>${shareBar(row.counts)}</td>
<td class="wide">${row.policies ?? 'not looked up'}</td>${timeCell(row.lastFailure, 'wide')}<td class="wide">${sparkline(row)}</td></tr>
`;
}

/** The share of sessions over TLS, whatever the certificate, of 0 to 1. */
export function encryptedShare(counts: ClassCounts): number {
  const total = totalOf(counts);
  return total === 0 ? 0 : (total - counts.plaintext - counts.failed) / total;
}

/** Never rounds up to 100 % what is not all. */
export function percent(share: number): string {
  return `${Math.floor(share * 1000) / 10}%`;
}

function shareBar(counts: ClassCounts): Html {
  const total = totalOf(counts);
  const present = TLS_CLASSES.filter((name) => counts[name] > 0);
  const words = present.map(
    (name) => `${percent(counts[name] / total)} ${CLASS_WORDS[name].title.toLowerCase()}`,
  );
  const part = (name: TlsClass) =>
    html`<span class="${name}" style="flex: ${counts[name]}" title="${counts[name]} ${CLASS_WORDS[name].title.toLowerCase()}"></span>`;
  return html`<div class="bar" role="img" aria-label="${words.join(', ')}">${present.map(part)}</div>`;
}

/** The numbers behind the chart. */
export function daysTable(days: readonly DayRow[]): Html {
  return html`<details><summary>The numbers as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="Table of sessions a day"><table><caption class="hidden">Sessions a day by class</caption>
<thead><tr>${head('Day (UTC)', '', '', 'ascending')}${TLS_CLASSES.map((name) => head(CLASS_WORDS[name].title, 'number'))}</tr></thead>
<tbody>${days.map(({ day, counts }) => html`<tr><th scope="row">${day}</th>${TLS_CLASSES.map((name) => numberCell(counts[name]))}</tr>`)}</tbody></table></div></details>`;
}

/** Failures as the reports call them. */
export function failuresTable(failures: readonly FailureRow[]): Html {
  if (failures.length === 0) return html`<p>None in this time.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table of failures"><table id="failures"><caption class="hidden">Failures by result type and reason</caption>
<thead><tr>${head('Result type')}${head('Reason', '', 'wide')}${head('Sessions', 'number', '', 'descending')}${head('Domains', 'number', 'wide')}${head('Last (UTC)')}<th scope="col">Show the lines</th></tr></thead>
<tbody>${failures.map(failureRow)}</tbody></table></div>`;
}

function failureRow(row: FailureRow): Html {
  return html`<tr><th scope="row">${row.resultType}</th><td class="wide">${row.reason ?? '–'}</td>${numberCell(row.count)}${numberCell(row.domains, 'wide')}${timeCell(row.last)}
<td><div class="copy"><code>${row.explain}</code><button type="button">Copy<span class="hidden"> the command for ${row.resultType}, ${row.lastDomain}</span></button></div></td></tr>
`;
}

const FATE_WORDS: Record<OutboxState, string> = {
  due: 'due',
  sending: 'on the way',
  sent: 'delivered',
  retry: 'to be tried again',
  'given-up': 'given up',
  held: 'held',
  suppressed: 'suppressed',
};

/** Reports of each day by what became of them, and those in trouble one by one. */
export function reportsSection({ outbox, troubled }: Dashboard): Html {
  if (outbox.length === 0) return html`<p>None in this time.</p>`;
  const states = OUTBOX_STATES.filter((state) => outbox.some((row) => row.state === state));
  const days = [...new Set(outbox.map((row) => row.day))].sort().reverse();
  const count = (day: string, state: OutboxState) =>
    outbox.filter((row) => row.day === day && row.state === state).reduce((sum, row) => sum + row.count, 0);
  const list =
    troubled.length === 0
      ? html`<p>Every report reached its receiver, or is on its way.</p>`
      : troubledTable(troubled);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table of reports"><table><caption class="hidden">Reports of each day by what became of them</caption>
<thead><tr>${head('Day (UTC)', '', '', 'descending')}${states.map((state) => head(FATE_WORDS[state], 'number'))}</tr></thead>
<tbody>${days.map((day) => html`<tr><th scope="row">${day}</th>${states.map((state) => numberCell(count(day, state)))}</tr>`)}</tbody></table></div>
${list}`;
}

function troubledTable(troubled: Dashboard['troubled']): Html {
  return html`<h3>Not delivered</h3><div class="scroll" tabindex="0" role="region" aria-label="Table of reports not delivered"><table><caption class="hidden">Reports that did not arrive, or not yet</caption>
<thead><tr>${head('Day')}${head('Domain')}${head('Receiver')}${head('State')}${head('Tries', 'number', 'wide')}${head('Last word', '', 'wide')}</tr></thead>
<tbody>${troubled.map((row) => html`<tr><td>${row.day}</td><th scope="row">${row.domain}</th><td>${row.rua}</td><td>${FATE_WORDS[row.state]}</td>${numberCell(row.attempts, 'wide')}<td class="wide">${row.lastResult ?? '–'}</td></tr>`)}</tbody></table></div>`;
}
