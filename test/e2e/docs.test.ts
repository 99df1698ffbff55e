import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { buildDeb } from './debian/deb.ts';
import { GUIDES } from './docs/guides.ts';
import { BareHosts, GuideHost, type Mta } from './docs/host.ts';
import { walk } from './docs/walk.ts';

/** A package that was built before, for those who write the guides. */
const PACKAGE = process.env['DOCS_PACKAGE'];

let work: string;
let deb: string;
let host: GuideHost | undefined;
const bare = new BareHosts();

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'docs-'));
  deb = PACKAGE ?? buildDeb(work);
}, 900_000);
afterEach(async () => {
  await host?.stop();
  host = undefined;
});
afterAll(() => {
  bare.remove();
  rmSync(work, { recursive: true, force: true });
});

async function startHost(mta: Mta): Promise<GuideHost> {
  const made = new GuideHost(await bare.copy(mta));
  host = made;
  await made.start();
  return made;
}

it.each(GUIDES)(
  '$page can be done to the letter, and prints what it says',
  async (guide) => {
    const here = await startHost(guide.mta);
    await guide.furnish(here, deb);
    expect(await walk(guide.page, here, guide)).toEqual([]);
  },
  900_000,
);
