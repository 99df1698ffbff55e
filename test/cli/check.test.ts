import { afterEach, beforeEach, expect, it } from 'vitest';
import { makePlace, type Place } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

it('names a broken configuration with its line, and stops there', async () => {
  const config = await place.write(
    'config.yaml',
    'organization: A\ncontact: a@b.example\nstate: x\nkep: 3d\n',
  );
  const { code, stdout } = await runCli(['check', '--config', config]);
  expect(code).toBe(2);
  expect(stdout).toContain(`fail  ${config}:4:1: unknown key \`kep\`; did you mean \`keep\`?`);
  expect(stdout).toContain('      → allowed here: ');
});

it('names a configuration that is not there', async () => {
  const { code, json } = await runCli(['check', '--json', '--config', place.path('none.yaml')]);
  expect(code).toBe(2);
  expect(json()).toMatchObject([{ id: 'config', severity: 'fail', help: expect.stringContaining('init') }]);
});

it('looks at everything, a line a finding, and exits by the worst', async () => {
  const config = await place.write(
    'config.yaml',
    `organization: A\ncontact: a@b.example\nstate: ${place.path('state')}\ndns: {servers: ["127.0.0.1:9"], timeout: 0.1s}\nmail: {via: "smtp://127.0.0.1:9"}\n`,
  );
  const { code, json } = await runCli(['check', '--json', '--config', config]);
  expect(code).toBe(2);
  const ids = (json() as { id: string }[]).map(({ id }) => id);
  expect(ids).toEqual(
    expect.arrayContaining(['logs-none', 'ledger', 'resolver-silent', 'dkim-missing', 'way-out']),
  );
});

it('prints troubles only when asked to be quiet', async () => {
  const config = await place.write(
    'config.yaml',
    `organization: A\ncontact: a@b.example\nstate: ${place.path('state')}\ndns: {servers: ["127.0.0.1:9"], timeout: 0.1s}\n`,
  );
  const { stdout } = await runCli(['check', '--quiet', '--config', config]);
  expect(stdout).toMatch(/^fail {2}/m);
  expect(stdout).not.toMatch(/^ok {2}/m);
});
