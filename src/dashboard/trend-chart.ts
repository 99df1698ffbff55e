import type { DayRow, DomainRow } from './data.ts';
import { type Html, html } from './html.ts';
import { CLASS_WORDS, TLS_CLASSES, totalOf } from './tls-class.ts';

const WIDTH = 900;
const HEIGHT = 258;
const BOTTOM = 44;
const TOP = 20;
/** What labels need where the page is narrow and their letters are large: a character, and half of `11-23`. */
const CHARACTER = 17;
const HALF_DAY = 44;
/** Between a number and the chart. */
const GAP = 6;

/** Sessions of each day as stacked bars, best class at the bottom, with the numbers in a table beside it. */
export function trendChart(days: readonly DayRow[]): Html {
  const highest = Math.max(1, ...days.map(({ counts }) => totalOf(counts)));
  const top = roundUp(highest);
  const grid = [0, top / 2, top];
  const left = GAP + CHARACTER * Math.max(3, ...grid.map((value) => numberText(value).length));
  const step = (WIDTH - left) / Math.max(1, days.length);
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="trend-title trend-text">
<title id="trend-title">Sessions a day by class</title>
<desc id="trend-text">${summary(days)} The numbers stand in the table below.</desc>
${grid.map((value) => gridLine(value, y(value), left))}
${days.map((day, i) => dayBar(day, left + i * step, step, y))}
${labelled(days).map(({ day, i, minor }) => dayLabel(day, left + (i + 0.5) * step, minor))}
</svg>`;
}

function gridLine(value: number, y: number, left: number): Html {
  return html`<line x1="${left}" x2="${WIDTH}" y1="${y}" y2="${y}"/><text x="${left - GAP}" y="${y}" dy=".35em" text-anchor="end">${numberText(value)}</text>`;
}

/** `2,500`, `25K`, `1M`: short, for the room beside the chart is the chart's. */
function numberText(value: number): string {
  return value < 10_000
    ? value.toLocaleString('en')
    : value.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 });
}

function dayBar({ day, counts }: DayRow, x: number, step: number, y: (value: number) => number): Html {
  const width = Math.max(1, Math.min(step * 0.8, 40));
  let below = 0;
  const parts = TLS_CLASSES.filter((name) => counts[name] > 0).map((name) => {
    const from = y(below);
    below += counts[name];
    const words = `${day}: ${counts[name]} ${CLASS_WORDS[name].title.toLowerCase()}`;
    return html`<rect class="${name}" x="${fixed(x + (step - width) / 2)}" y="${fixed(y(below))}" width="${fixed(width)}" height="${fixed(from - y(below))}"><title>${words}</title></rect>`;
  });
  return html`${parts}`;
}

function dayLabel(day: string, x: number, minor: boolean): Html {
  const inside = Math.min(x, WIDTH - HALF_DAY);
  return html`<text class="${minor ? 'wide' : ''}" x="${fixed(inside)}" y="${HEIGHT - 6}" text-anchor="middle">${day.slice(5)}</text>`;
}

/** At most eight labels, whatever the number of days; every other one is for wide screens only. */
function labelled(days: readonly DayRow[]): { day: string; i: number; minor: boolean }[] {
  const every = Math.ceil(days.length / 8);
  return days.flatMap(({ day }, i) => (i % every === 0 ? [{ day, i, minor: (i / every) % 2 === 1 }] : []));
}

function summary(days: readonly DayRow[]): string {
  const busy = days.filter(({ counts }) => totalOf(counts) > 0);
  const [first] = busy;
  const last = busy.at(-1);
  if (first === undefined || last === undefined) return 'No sessions in this time.';
  const bad = busy.reduce((sum, { counts }) => sum + counts.failed + counts.plaintext, 0);
  return `${busy.length} days with sessions from ${first.day} to ${last.day}, ${bad} sessions in clear text or failed.`;
}

/** The next round number: 1, 2 or 5 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find((each) => each * power >= value) ?? 10;
  return factor * power;
}

/** One domain's days as a row of bars: what was encrypted, and the rest on top. */
export function sparkline({ domain, trend }: DomainRow): Html {
  const highest = Math.max(1, ...trend.map(({ all }) => all));
  const bars = trend.flatMap(({ good, all }, i) => {
    if (all === 0) return [];
    const height = (20 * all) / highest;
    const goodHeight = (20 * good) / highest;
    const bad =
      all > good
        ? html`<rect class="all" x="${i * 3}" y="${fixed(20 - height)}" width="2.4" height="${fixed(height - goodHeight)}"/>`
        : html``;
    return [
      html`${bad}<rect class="good" x="${i * 3}" y="${fixed(20 - goodHeight)}" width="2.4" height="${fixed(goodHeight)}"/>`,
    ];
  });
  return html`<svg class="spark" viewBox="0 0 ${trend.length * 3} 20" preserveAspectRatio="none" role="img" aria-label="${sparkWords(domain, trend)}">${bars}</svg>`;
}

function sparkWords(domain: string, trend: DomainRow['trend']): string {
  const busy = trend.filter(({ all }) => all > 0).length;
  const troubled = trend.filter(({ good, all }) => all > good).length;
  return `${domain}: sessions on ${busy} of ${trend.length} days, trouble on ${troubled}`;
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}
