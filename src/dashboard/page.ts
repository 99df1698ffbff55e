import { createHash } from 'node:crypto';
import { minuteText } from '../time-text.ts';
import type { Dashboard } from './data.ts';
import { Html, html } from './html.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';
import { daysTable, domainsTable, encryptedShare, failuresTable, percent, reportsSection } from './tables.ts';
import { CLASS_WORDS, TLS_CLASSES, totalOf } from './tls-class.ts';
import { trendChart } from './trend-chart.ts';

/** What the page says of itself. */
export interface PageFacts {
  readonly organization: string;
  /** When the page was made, UTC ms. */
  readonly madeAt: number;
  readonly version: string;
}

/**
 * The whole page in one file: no network, no framework. Beside the escaping stands a content security policy that lets
 * this very script run and no other.
 */
export function dashboardPage(data: Dashboard, facts: PageFacts): string {
  const made = `${minuteText(facts.madeAt)} UTC`;
  const policy = `default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; script-src '${hashOf(SCRIPT)}'`;
  const first = data.days[0]?.day ?? '';
  const last = data.days.at(-1)?.day ?? '';
  const page = html`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer">
<title>Outbound mail TLS: ${facts.organization}</title>
<style>${new Html(STYLE)}</style></head>
<body><header><h1>Outbound mail TLS</h1><p class="soft">${facts.organization}, ${first} to ${last} (UTC days), made ${made}</p></header>
<main>${tiles(data)}
<section aria-labelledby="days"><h2 id="days">Sessions a day</h2>${legend()}${trendChart(data.days)}${daysTable(data.days)}</section>
<section aria-labelledby="where"><h2 id="where">Destinations</h2>${domainsTable(data)}</section>
<section aria-labelledby="why"><h2 id="why">Failures by type</h2><p class="soft">As the reports call them (RFC 8460 §4.3), policies considered.</p>${failuresTable(data.failures)}</section>
<section aria-labelledby="sent"><h2 id="sent">Reports and their fate</h2>${reportsSection(data)}</section>
<p id="said" class="hidden" role="status" aria-live="polite"></p></main>
<footer>maillog-tlsrpt ${facts.version}. A session is one new outbound SMTP connection; sessions that carried reports of ours are left out.</footer>
<script>${new Html(SCRIPT)}</script></body></html>
`;
  return page.text;
}

function tiles(data: Dashboard): Html {
  const sum = (state: string) =>
    data.outbox.filter((row) => row.state === state).reduce((total, row) => total + row.count, 0);
  const domains = data.domains.length + data.furtherDomains;
  const facts: [string, string][] = [
    [totalOf(data.total).toLocaleString('en'), 'sessions'],
    [percent(encryptedShare(data.total)), 'encrypted'],
    [domains.toLocaleString('en'), 'destination domains'],
    [data.failingDomains.toLocaleString('en'), 'domains with failures'],
    [sum('sent').toLocaleString('en'), 'reports delivered'],
    [(sum('retry') + sum('given-up')).toLocaleString('en'), 'reports in trouble'],
  ];
  return html`<ul class="tiles">${facts.map(([value, words]) => html`<li><strong>${value}</strong> ${words}</li>`)}</ul>`;
}

function legend(): Html {
  return html`<ul class="legend">${TLS_CLASSES.map((name) => html`<li title="${CLASS_WORDS[name].meaning}"><span class="swatch ${name}"></span>${CLASS_WORDS[name].title}</li>`)}</ul>`;
}

function hashOf(script: string): string {
  return `sha256-${createHash('sha256').update(script).digest('base64')}`;
}
