import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckDeps } from './deps.ts';
import { runnersOf } from './runner.ts';

/** The unit that is looked at where none is enabled yet. */
export const USUAL_UNIT = 'maillog-tlsrpt.service';
/** Where units lie: the admin's own before the package's. */
const UNIT_PLACES = ['etc/systemd/system', 'usr/lib/systemd/system', 'lib/systemd/system'] as const;

/** A unit that runs the program, with what the admin added to it (`systemctl edit`). */
export interface Unit {
  readonly name: string;
  /** Its settings by key, in the order in which they count. */
  readonly settings: ReadonlyMap<string, readonly string[]>;
}

/**
 * The units that run the program here: those enabled, or the one that is installed where none is. None where cron does
 * the work, or where no unit is installed.
 */
export async function unitsInUse(deps: Pick<CheckDeps, 'ask' | 'root'>): Promise<Unit[]> {
  const runners = await runnersOf(deps);
  const names = runners.length === 0 ? [USUAL_UNIT] : runners.flatMap(({ service }) => service ?? []);
  const units = await Promise.all(names.map((name) => readUnit(deps.root, name)));
  return units.flatMap((unit) => unit ?? []);
}

/** The values of a setting that is a list; an empty one takes back those before it (systemd.exec(5)). */
export function listSetting({ settings }: Unit, key: string): string[] {
  const values = settings.get(key) ?? [];
  const counted = values.slice(values.lastIndexOf('') + 1);
  return counted.flatMap((value) => value.split(/\s+/));
}

/** Whether a setting is switched on; the last one counts. */
export function isOn({ settings }: Unit, key: string): boolean {
  return /^(?:yes|true|1|on)$/.test(settings.get(key)?.at(-1) ?? '');
}

async function readUnit(root: string, name: string): Promise<Unit | undefined> {
  const texts = [await unitText(root, name), ...(await dropIns(root, name))];
  if (texts[0] === undefined) return undefined;
  const settings = new Map<string, string[]>();
  for (const [, key = '', value = ''] of texts.join('\n').matchAll(/^([A-Za-z]+)=(.*)$/gm))
    settings.set(key, [...(settings.get(key) ?? []), value.trim()]);
  return { name, settings };
}

async function unitText(root: string, name: string): Promise<string | undefined> {
  for (const place of UNIT_PLACES) {
    const text = await readFile(join(root, '/', place, name), 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  return undefined;
}

async function dropIns(root: string, unit: string): Promise<string[]> {
  const texts: string[] = [];
  for (const place of [...UNIT_PLACES].reverse()) {
    const directory = join(root, '/', place, `${unit}.d`);
    const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith('.conf'));
    for (const name of names.sort())
      texts.push(await readFile(join(directory, name), 'utf8').catch(() => ''));
  }
  return texts;
}
