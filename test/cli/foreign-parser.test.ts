import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MORNING_AFTER, makePlace, type Place } from './place.ts';
import { runCli } from './run-cli.ts';

/** A parser in plain JavaScript that imports nothing: each line is a delivery to a domain. */
const PARSER = `export const parser = {
  name: 'foreign',
  contract: 1,
  options: { safeParse: (data) => ({ success: true, data }) },
  recognises: (line) => line.includes(' foreign: '),
  create: () => ({
    envelope: 'syslog',
    needles: [' foreign: '],
    idleSeconds: 60,
    entry({ time, program, message }, open, emit) {
      const domain = /^sent to ([a-z.]+)$/.exec(message)?.[1];
      if (program !== 'foreign' || domain === undefined) return;
      emit({ time, recipientDomain: domain, outcome: 'success', basis: 'tls-line' });
    },
  }),
};
`;
const LOG = '2026-11-23T10:00:00Z mail foreign: sent to example.org\n';

let place: Place;
beforeEach(async () => {
  place = await makePlace(
    'mta: {honours: []}\nlogs: [{path: foreign.log, parser: ./my-parser.mjs, timezone: UTC}]\n',
  );
  await place.write('foreign.log', LOG);
});
afterEach(() => place.remove());

const command = (...words: string[]) => runCli([...words, '--now', MORNING_AFTER, '--config', place.config]);

describe('a parser of one’s own, by its path in the config', () => {
  it('is found from the config’s folder, and its sessions go into reports', async () => {
    await place.write('my-parser.mjs', PARSER);
    expect((await command('run', '--offline')).code).toBe(0);
    const [report] = (await command('report', '--json', '--domain', 'example.org')).json();
    expect(report).toMatchObject({ policies: [{ summary: { 'total-successful-session-count': 1 } }] });
  });

  it('is refused with a sentence where it cannot be used, and other logs are read', async () => {
    await place.write('my-parser.mjs', PARSER.replace('contract: 1', 'contract: 99'));
    const { code, stderr } = await command('run', '--offline');
    expect(code).toBe(78);
    expect(stderr).toContain('the parser was written for contract 99, this program has 1');
    expect(stderr).toContain(place.path('my-parser.mjs'));
  });

  it('is found from the command line too', async () => {
    await place.write('my-parser.mjs', PARSER);
    const { stdout } = await runCli([
      'sessions',
      place.path('foreign.log'),
      '--parser',
      place.path('my-parser.mjs'),
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ parser: 'foreign', recipientDomain: 'example.org' });
  });
});
