import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A day of a real Postfix at level dane: 1016 lines. */
export const SAMPLE_LOG = fileURLToPath(
  new URL('../../samples/postfix/a-whole-day-of-a-sender-with-dane/input.log', import.meta.url),
);
/** The sample's day is over, and not yet too old. */
export const MORNING_AFTER = '2026-11-24T05:00:00Z';

/** A directory of its own for a test, with a config in it. */
export interface Place {
  readonly directory: string;
  readonly config: string;
  path(name: string): string;
  write(name: string, content: string | Uint8Array): Promise<string>;
  remove(): Promise<void>;
}

/** @param extra YAML appended to the three keys every config needs. */
export async function makePlace(extra = ''): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'tlsrpt-'));
  const path = (name: string) => join(directory, name);
  const write = async (name: string, content: string | Uint8Array) => {
    await writeFile(path(name), content);
    return path(name);
  };
  const config = await write(
    'config.yaml',
    `organization: Reports Inc.\ncontact: tls@reports.example\nstate: ${path('state')}\ninstance: test\n${extra}`,
  );
  return { directory, config, path, write, remove: () => rm(directory, { recursive: true, force: true }) };
}
