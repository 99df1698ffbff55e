import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckDeps } from './deps.ts';

/** The unit that runs the program, and where units lie: the admin's own before the package's. */
export const UNIT = 'maillog-tlsrpt.service';
const UNIT_PLACES = ['etc/systemd/system', 'usr/lib/systemd/system', 'lib/systemd/system'] as const;

/**
 * The settings of the installed unit with what the admin added to it (`systemctl edit`), by key, in the order in which
 * they count; undefined where no unit is installed.
 */
export async function unitSettings({
  root,
}: Pick<CheckDeps, 'root'>): Promise<ReadonlyMap<string, readonly string[]> | undefined> {
  const texts = [await unitText(root), ...(await dropIns(root))];
  if (texts[0] === undefined) return undefined;
  const settings = new Map<string, string[]>();
  for (const [, key = '', value = ''] of texts.join('\n').matchAll(/^([A-Za-z]+)=(.*)$/gm))
    settings.set(key, [...(settings.get(key) ?? []), value.trim()]);
  return settings;
}

async function unitText(root: string): Promise<string | undefined> {
  for (const place of UNIT_PLACES) {
    const text = await readFile(join(root, '/', place, UNIT), 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  return undefined;
}

async function dropIns(root: string): Promise<string[]> {
  const texts: string[] = [];
  for (const place of [...UNIT_PLACES].reverse()) {
    const directory = join(root, '/', place, `${UNIT}.d`);
    const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith('.conf'));
    for (const name of names.sort())
      texts.push(await readFile(join(directory, name), 'utf8').catch(() => ''));
  }
  return texts;
}
