import { afterEach, beforeEach, expect, it } from 'vitest';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

it.each([
  ['staus', /there is no command `staus`; did you mean status\?\n.*maillog-tlsrpt --help/],
  ['status --chekc', /no option --chekc of `status`; did you mean --check\?\n.*maillog-tlsrpt status --help/],
  ['status --max-lga=3', /no option --max-lga of `status`; did you mean --max-lag\?/],
  ['status --max-lag', /--max-lag needs a value/],
  ['status extra', /`extra` is no argument of `status`\n/],
  ['posture --level tls13', /level cannot be tls13; allowed: encrypt, dane, verify/],
  ['ledger fix', /action cannot be fix; allowed: check, backup/],
  ['ledger backup', /ledger backup needs a file\n.*ledger backup FILE/],
  ['ledger backup a b', /ledger backup takes one file only\n.*ledger backup FILE/],
  ['ledger check a', /ledger check takes no file\n/],
  ['lookup', /an argument is missing\n.*maillog-tlsrpt lookup --help/],
  ['', /name a command\n.*maillog-tlsrpt --help/],
])('%s: says what is wrong, what was likely meant, and whose help tells more', async (words, told) => {
  const { code, stdout, stderr } = await runCli(words.split(' ').filter((word) => word !== ''));
  expect(stderr).toMatch(told);
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
});

it('tells how a missing log is found', async () => {
  const { code, stderr } = await runCli(['sessions', place.path('gone.log')]);
  expect(stderr).toMatch(/it does not exist\n.*gone\.log\n.*postconf maillog_file/);
  expect(code).toBe(65);
});

it('says that a configuration is none', async () => {
  const config = await place.write('passwd', 'root:x:0:0:root:/root:/bin/bash\n');
  const { code, stderr } = await runCli(['status', '--config', config]);
  expect(stderr).toMatch(/passwd:1:1: this is no configuration\n.*organization/);
  expect(code).toBe(78);
});

it('names the directory that a backup cannot be written into', async () => {
  const common = ['--config', place.config];
  await runCli(['run', '--offline', ...common]);
  const { code, stderr } = await runCli(['ledger', 'backup', place.path('none/b.sqlite'), ...common]);
  expect(stderr).toContain(`the file cannot be written: there is no directory ${place.path('none')}\n`);
  expect(code).toBe(73);
});

it('says that nothing of what explain was asked for is there', async () => {
  const asked = ['explain', SAMPLE_LOG, '--timezone', 'UTC', '--parser', 'postfix'];
  const { code, stderr } = await runCli([...asked, '--queue-id', 'NOSUCH', '--domain', 'nowhere.example']);
  expect(stderr).toContain('no line that tells of TLS is of queue id NOSUCH and domain nowhere.example');
  expect(code).toBe(0);
  expect((await runCli(asked)).stderr).not.toContain('no line that tells');
});

it('says that a day to be sent is not in the ledger', async () => {
  const send = ['send', '--dry-run', '--day', '2031-01-01', '--config', place.config];
  const { stderr } = await runCli(send);
  expect(stderr).toContain('the ledger holds no sessions for 2031-01-01');
});

it('says that a directory to write reports into is a file', async () => {
  const logs = `logs: [{path: ${SAMPLE_LOG}, timezone: UTC}]\nmta: {honours: []}\n`;
  const { config, path, remove } = await makePlace(logs);
  try {
    const common = ['--config', config, '--now', MORNING_AFTER];
    await runCli(['run', '--offline', ...common]);
    const { code, stderr } = await runCli(['report', '--out', path('config.yaml'), ...common]);
    expect(stderr).toMatch(/the file cannot be written: there is a file of that name\n.*config\.yaml/);
    expect(code).toBe(73);
  } finally {
    await remove();
  }
});
