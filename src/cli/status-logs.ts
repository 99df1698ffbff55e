import type { LogStatus } from '../status/schema.ts';
import { minuteText } from '../time-text.ts';
import { andMore } from './fleet-text.ts';
import { bytesText, durationText } from './quantities.ts';
import type { Screen } from './screen.ts';
import type { Cell } from './table.ts';

/** So many logs are all shown; of more, those furthest behind. */
const ALL_UP_TO = 12;
const SHOWN_OF_MANY = 6;
const MAX_LISTED = 5;
/** Logs whose holes and odd lines are told. */
const MAX_REMARKED = 4;

/** The logs as a table, and below what each of them cannot tell. */
export function showLogs(all: readonly LogStatus[], screen: Screen): void {
  screen.title('Logs');
  if (all.length === 0) {
    screen.words('none: name them under `logs` in the configuration, or `backfill` archived ones');
    return;
  }
  const sorted = [...all].sort((a, b) => rank(a, all.length) - rank(b, all.length));
  const shown = all.length <= ALL_UP_TO ? sorted : sorted.slice(0, SHOWN_OF_MANY);
  const rows = shown.map((log) => [
    log.name,
    log.host,
    log.parser,
    log.lastLine === undefined ? '-' : minuteText(log.lastLine),
    readCell(log, screen),
    bytesText(log.bytes),
  ]);
  screen.rows(['log', 'host', 'parser', 'last line (UTC)', 'read', 'size'], rows, {
    cut: [0, 2, 1],
    drop: [5, 2, 1],
  });
  for (const line of andMore(all.length - shown.length, ' logs')) screen.words(line);
  // Of an archive that was read once, what is wrong was said then.
  const watched = sorted.filter((log) => log.configured || shown.includes(log));
  const troubled = watched.filter(isTroubled);
  for (const log of troubled.slice(0, MAX_REMARKED)) remarks(log, screen);
  for (const line of andMore(troubled.length - MAX_REMARKED, ' logs with remarks')) screen.words(line);
  hints(watched, screen);
}

/** What is watched comes first: of many, what is furthest behind; then what was read last. */
function rank({ configured, lagSeconds }: LogStatus, logs: number): number {
  if (!configured) return 1e12 + (lagSeconds ?? 0);
  return logs > ALL_UP_TO ? -(lagSeconds ?? 1e12) : (lagSeconds ?? 0);
}

function readCell({ lagSeconds, configured }: LogStatus, screen: Screen): Cell {
  if (lagSeconds !== undefined) return `${durationText(lagSeconds)} ago`;
  return configured ? screen.painted('red', 'never') : 'never';
}

function isTroubled({ gaps, incomplete, unknown, skipped }: LogStatus): boolean {
  return gaps.length + incomplete.length + unknown.count + skipped > 0;
}

function remarks({ name, parser, gaps, incomplete, unknown, skipped }: LogStatus, screen: Screen): void {
  for (const gap of gaps.slice(-MAX_LISTED)) screen.words(`${name}: ${gap.text}`, '! ', 'yellow');
  for (const line of andMore(gaps.length - MAX_LISTED, ' holes')) screen.words(line, '  ');
  for (const path of incomplete.slice(0, MAX_LISTED))
    screen.words(`${path} ended early: give the whole file to \`backfill\` to read on`, '! ', 'yellow');
  for (const line of andMore(incomplete.length - MAX_LISTED, ' files')) screen.words(line, '  ');
  if (unknown.count > 0) {
    const lines = unknown.count === 1 ? 'one line is' : `${unknown.count} lines are`;
    const words = `${name}: ${lines} known to no rule of the ${parser} parser; please report (\`scrub\` makes them fit to be shown):`;
    screen.words(words, '! ', 'yellow');
    for (const sample of unknown.samples) screen.words(sample, '    ');
  }
  if (skipped > 0)
    screen.words(`${name}: the parser failed on ${skipped} lines; please report it`, '! ', 'yellow');
}

/** What the logs cannot witness: many logs of one MTA's settings have it in common. */
function hints(logs: readonly LogStatus[], screen: Screen): void {
  const names = new Map<string, string[]>();
  for (const log of logs)
    for (const hint of log.hints) names.set(hint, [...(names.get(hint) ?? []), log.name]);
  for (const [hint, where] of names)
    screen.words(`${where.length === 1 ? where[0] : `on ${where.length} logs`}: ${hint}`, '! ', 'yellow');
}
