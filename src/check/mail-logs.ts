import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { LogConfig } from '../config.ts';
import { AUTO } from '../detect.ts';
import { Problem } from '../errors.ts';
import { type JournalSelection, journalArguments } from '../logs/journal-name.ts';
import { journalEntries, journalName } from '../logs/journalctl.ts';
import type { ParserModule } from '../parser.ts';
import type { Ask } from '../policy/local-mta.ts';
import { selectionOf } from '../reading/log-name.ts';
import { STALE_MS } from '../reading/stale.ts';
import { loadParser } from '../registry.ts';
import type { Check, CheckDeps } from './deps.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import { hintFindings } from './log-hints.ts';
import { readTail, type Tail } from './log-tail.ts';

/** The end of a log is enough to see what kind it is and what it can tell. */
const TAIL_BYTES = 8 * 1_048_576;
/** Zones differ by quarters of an hour; a line is written within a few minutes of its stamp. */
const QUARTER_MS = 15 * 60_000;
const STAMP_SLACK_MS = 2 * 60_000;

/** Whether each log is there, can be read, is of the format the config says, and tells enough. */
export const checkLogs: Check = async (deps) => {
  if (deps.config.logs.length === 0) {
    return [fail('logs-none', 'the configuration names no log to read', 'logs: [{path: /var/log/mail.log}]')];
  }
  return (await Promise.all(deps.config.logs.map((log) => checkLog(deps, log)))).flat();
};

async function checkLog(deps: CheckDeps, log: LogConfig): Promise<Finding[]> {
  if (log.path === undefined) return [await checkJournal(deps, log)];
  const path = resolve(deps.directory, log.path);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined)
    return [
      fail(
        'log-missing',
        `${path} does not exist`,
        'name the file your MTA logs to: `postconf maillog_file`, `exim -bP log_file_path`, or see rsyslog.conf',
      ),
    ];
  if (!(await deps.access.can('read', path)))
    return [
      fail('log-unreadable', `${deps.access.who} cannot read ${path}`, readHelp(deps, path, found.gid)),
    ];
  return [...(await rotatedFindings(deps, log)), ...(await contentFindings(deps, log, path, found))];
}

/** Where rotations cannot be looked for, `run` reads nothing of the log at all. */
async function rotatedFindings({ directory, access }: CheckDeps, log: LogConfig): Promise<Finding[]> {
  if (log.rotated === undefined) return [];
  const rotated = resolve(directory, log.rotated);
  const found = await stat(rotated).catch(() => undefined);
  const help = 'name the directory of `olddir` in logrotate.conf(5) as `rotated`, or leave that key out';
  if (found?.isDirectory() !== true)
    return [fail('log-rotated', `${rotated}, where rotations are to be, is no directory`, help)];
  if ((await access.can('read', rotated)) && (await access.can('execute', rotated))) return [];
  return [
    fail(
      'log-rotated',
      `${access.who} may not look for rotations in ${rotated}`,
      `let it: setfacl -m u:${access.who}:rx ${rotated}`,
    ),
  ];
}

async function contentFindings(
  deps: CheckDeps,
  log: LogConfig,
  path: string,
  found: { readonly size: number; readonly mtimeMs: number },
): Promise<Finding[]> {
  if (found.size === 0) return [warn('log-empty', `${path} is empty`, 'check again when some mail has left')];
  try {
    return await tailFindings(deps, log, path, found);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [fail('log-unusable', `${path}: ${error.message}`, error.help ?? 'name a log file')];
  }
}

/** Whether the journal can be read and holds entries of the kind; what they tell is seen when they are read. */
async function checkJournal({ directory, access, ask }: CheckDeps, log: LogConfig): Promise<Finding> {
  const selection = selectionOf(log, directory);
  const name = journalName(selection);
  if (await holdsEntries(selection, access.ask)) return ok('log', `${name} holds entries`);
  if (await holdsEntries(selection, ask))
    return fail(
      'log-unreadable',
      `${access.who} may not read ${name}`,
      `let it: usermod -aG systemd-journal ${access.who}, then restart what runs the program`,
    );
  try {
    for await (const _ of journalEntries(selection, undefined)) return ok('log', `${name} holds entries`);
    return warn(
      'log-empty',
      `${name} holds no entry`,
      'see `journalctl` for the units and identifiers of your MTA',
    );
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return fail('log-unusable', `${name}: ${error.message}`, error.help ?? 'name a log file with `path:`');
  }
}

/** Whoever may not read a journal gets nothing of it. */
async function holdsEntries(selection: JournalSelection, ask: Ask): Promise<boolean> {
  const words = ['--quiet', '--lines=1', '--output=json', ...journalArguments(selection)];
  return ((await ask('journalctl', words)) ?? '').trim() !== '';
}

/** Debian's logs belong to group adm; RHEL's to root alone. */
function readHelp({ access: { who } }: CheckDeps, path: string, group: number): string {
  return group === 0
    ? `setfacl -m u:${who}:r ${path}, and the same in logrotate's postrotate (docs/install.md)`
    : `add ${who} to the group that may read it: usermod -aG adm ${who}`;
}

async function tailFindings(
  deps: CheckDeps,
  log: LogConfig,
  path: string,
  { size, mtimeMs }: { readonly size: number; readonly mtimeMs: number },
): Promise<Finding[]> {
  if (log.parser === AUTO)
    return [
      warn(
        'log-no-format',
        `no line of ${path} shows what MTA wrote it (parser: auto)`,
        'check again when some mail has left, or name the parser',
      ),
    ];
  const module = await loadParser(log.parser, deps.directory);
  const tail = await readTail(deps, log, module, path, {
    from: Math.max(0, size - TAIL_BYTES),
    changed: mtimeMs,
  });
  const foreign = formatFinding(module, tail, path);
  if (foreign !== undefined) return [foreign];
  return [
    ok('log', `${path} tells of ${tail.sessions} sessions in its last ${tail.lines} lines`),
    ...timeFindings(deps, tail.lastTime, mtimeMs, path),
    ...(await hintFindings(tail.hints, deps, log, path)),
  ];
}

function formatFinding(module: ParserModule, { looksLike, lines }: Tail, path: string): Finding | undefined {
  if (module.recognises === undefined || (looksLike.get(module.name) ?? 0) > 0) return undefined;
  const [other] = [...looksLike].sort(([, a], [, b]) => b - a);
  if (other !== undefined)
    return fail(
      'log-other-format',
      `${path} was not written by ${module.name}: it looks like ${other[0]}'s`,
      `set parser: ${other[0]}`,
    );
  return fail(
    'log-no-format',
    `none of the last ${lines} lines of ${path} was written by ${module.name}`,
    'name the file your MTA logs to',
  );
}

function timeFindings(
  { clock }: CheckDeps,
  lastTime: number | undefined,
  changed: number,
  path: string,
): Finding[] {
  if (lastTime === undefined) return [];
  const apart = lastTime - changed;
  const quarters = Math.round(apart / QUARTER_MS);
  const byZone = Math.abs(apart - quarters * QUARTER_MS) < STAMP_SLACK_MS && Math.abs(quarters) <= 14 * 4;
  if (quarters !== 0 && byZone) {
    const hours = Math.round(Math.abs(apart) / 1_800_000) / 2;
    return [
      fail(
        'log-zone',
        `the last line of ${path} is stamped ${hours} h ${apart > 0 ? 'after' : 'before'} the file was written: the time zone is wrong`,
        'set timezone: in the log’s entry to the zone its stamps are in, such as UTC or Europe/Berlin',
      ),
    ];
  }
  if (clock.now() - lastTime > STALE_MS)
    return [
      warn(
        'log-stale',
        `nothing was logged in ${path} since ${new Date(lastTime).toISOString().slice(0, 10)}`,
        'see whether the MTA logs elsewhere now',
      ),
    ];
  return [];
}
