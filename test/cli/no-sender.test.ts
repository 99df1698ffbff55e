import { existsSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DEFAULT_CONFIG } from '../../src/cli/context.ts';
import { EXIT } from '../../src/errors.ts';
import { makePlace, type Place } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace('');
});
afterEach(() => place.remove());

// Where the machine has a configuration of its own, that one would be taken.
it.runIf(!existsSync(DEFAULT_CONFIG)).each([['report'], ['send'], ['run'], ['follow']])(
  '%s makes no ledger where nobody can be named as the sender',
  async (command) => {
    const { code, stderr } = await runCli([command, '--state', place.path('new')]);
    expect(code).toBe(EXIT.config);
    expect(stderr).toContain('a report must name its sender');
    expect(existsSync(place.path('new'))).toBe(false);
  },
);
