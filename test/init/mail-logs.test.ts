import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findLogs } from '../../src/init/mail-logs.ts';
import { readExim } from '../../src/policy/exim-settings.ts';
import type { Ask } from '../../src/policy/local-mta.ts';
import { readPostfix } from '../../src/policy/postfix-settings.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'init-'));
});
afterEach(() => rm(root, { recursive: true }));

async function file(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

const POSTFIX = { postfix: readPostfix('mail_version = 3.9.1\n') };
const EXIM = { exim: readExim('Exim version 4.98 #2\n', '') };
const LINE = 'Nov 23 19:32:09 mta1 postfix/qmgr[1]: A0B0C0D0: removed\n';

/** A host whose journal holds entries of some units and identifiers. @param logFilePath Exim's */
function hostWith(entries: readonly string[], logFilePath = 'syslog'): Ask {
  return async (program, args) => {
    if (program === 'journalctl')
      return entries.some((entry) => args.includes(entry)) ? '{"MESSAGE":"x"}\n' : undefined;
    if (program === 'exim4' && args.join(' ') === '-bP log_file_path syslog_processname')
      return `log_file_path = ${logFilePath}\nsyslog_processname = exim\n`;
    return program === 'postconf' ? 'maillog_file =\n' : undefined;
  };
}

async function found(local: Parameters<typeof findLogs>[0], ask: Ask): Promise<object[]> {
  const logs = await findLogs(local, ask, root);
  return logs.map(({ parser: _, relayhosts: __, fallbackRelays: ___, ...place }) => place);
}

it('takes the file where there is one, though the journal holds the same', async () => {
  await file('/var/log/mail.log', LINE);
  await file('/var/log/journal/x', '');
  expect(await found(POSTFIX, hostWith(['--unit=postfix.service']))).toEqual([{ path: '/var/log/mail.log' }]);
});

it('takes the journal where Postfix logs to nothing else, by the unit that it holds entries of', async () => {
  await file('/run/log/journal/x', '');
  for (const unit of ['postfix@-.service', 'postfix.service'])
    expect(await found(POSTFIX, hostWith([`--unit=${unit}`]))).toEqual([{ journal: { units: [unit] } }]);
});

it('takes the journal where the file that is left over was not written by the MTA', async () => {
  await file('/var/log/mail.log', '');
  await file('/var/log/journal/x', '');
  expect(await found(POSTFIX, hostWith(['--unit=postfix.service']))).toEqual([
    { journal: { units: ['postfix.service'] } },
  ]);
  expect(await found(POSTFIX, hostWith([]))).toEqual([{ path: '/var/log/mail.log' }]);
});

it('names every unit it could be where the journal shows no entry, and says that none was seen', async () => {
  await file('/var/log/journal/x', '');
  expect(await found(POSTFIX, hostWith([]))).toEqual([
    { journal: { units: ['postfix@-.service', 'postfix.service'] }, unseen: true },
  ]);
});

it('takes the journal of an Exim that logs to syslog, by the name it gives itself there', async () => {
  await file('/var/log/journal/x', '');
  expect(await found(EXIM, hostWith(['--identifier=exim']))).toEqual([
    { journal: { identifiers: ['exim'] } },
  ]);
  expect(await found(EXIM, hostWith(['--identifier=exim'], '/var/log/exim4/%slog'))).toEqual([
    { path: '/var/log/exim4/mainlog' },
  ]);
});

it.each([
  ['/var/log/exim4/%slog-%D : /srv/exim-%s', '/srv/exim-main'],
  ['<; syslog ; /var/log/exim4/%slog', '/var/log/exim4/mainlog'],
])('takes the file of log_file_path = %s that keeps its name', async (logFilePath, path) => {
  expect(await found(EXIM, hostWith([], logFilePath))).toEqual([{ path }]);
});

it('finds no log where there is neither a file nor a journal', async () => {
  expect(await found(POSTFIX, hostWith(['--unit=postfix.service']))).toEqual([]);
});

it.each([
  ['* smtp.isp.example::587 byname', ['[smtp.isp.example]:587']],
  ['* smtp.a.example::587:smtp.b.example::587', ['[smtp.a.example]:587', '[smtp.b.example]:587']],
  ['* smtp.a.example/mx::587', ['smtp.a.example:587']],
  ['* "smtp.a.example : smtp.b.example" byname', ['[smtp.a.example]', '[smtp.b.example]']],
  ['* "<+ smtp.a.example:465 + smtp.b.example" byname', ['[smtp.a.example]:465', '[smtp.b.example]']],
  ['* "[192.0.2.1]::587 : 192.0.2.2"', ['[192.0.2.1]:587', '[192.0.2.2]']],
  ['* "<;; [2001:db8::1]:587;; 2001:db8::2"', ['[2001:db8::1]:587', '[2001:db8::2]']],
  ['a.example mx.a.example ; * smtp.isp.example::587 byname', ['[smtp.isp.example]:587']],
  ['<+ a.example mx.a.example + !b.example smtp.isp.example', ['[smtp.isp.example]']],
  ['* $domain_data', []],
])('takes from the route %s the smart hosts that a configuration may name', async (route, relayhosts) => {
  await file('/var/log/exim4/mainlog', LINE);
  const host = hostWith([], '/var/log/exim4/%slog');
  const ask: Ask = async (program, args) =>
    args.join(' ') === '-bP routers'
      ? `smarthost router:\ndriver = manualroute\nroute_list = ${route}\n`
      : host(program, args);
  const [found] = await findLogs(EXIM, ask, root);
  expect(found?.relayhosts).toEqual(relayhosts);
});

it('names a smart host once, though one router for users and one for all else go to it', async () => {
  await file('/var/log/exim4/mainlog', LINE);
  const router = 'driver = manualroute\nroute_list = * smtp.isp.example::587 byname\n';
  const host = hostWith([], '/var/log/exim4/%slog');
  const ask: Ask = async (program, args) =>
    args.join(' ') === '-bP routers'
      ? `hub_user_smarthost router:\n${router}\nsmarthost router:\n${router}`
      : host(program, args);
  const [found] = await findLogs(EXIM, ask, root);
  expect(found?.relayhosts).toEqual(['[smtp.isp.example]:587']);
});
