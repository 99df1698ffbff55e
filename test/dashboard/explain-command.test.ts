import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { configSchema } from '../../src/config.ts';
import { explainCommand, quoted } from '../../src/dashboard/explain-command.ts';
import type { Log, Segment } from '../../src/ledger/ledger.ts';
import type { SessionSum } from '../../src/ledger/sums.ts';
import { HOSTILE } from './hostile.ts';

const HOUR = Date.parse('2026-11-20T10:00:00Z');
const sum: SessionSum = {
  day: '2026-11-20',
  hour: HOUR,
  host: 'mta1',
  parser: 'postfix',
  recipientDomain: 'example.org',
  outcome: 'success',
  basis: 'tls-line',
  count: 1,
  snapshot: null,
};

function segment(path: string, firstTime: number, lastTime: number): Segment {
  return {
    id: 1,
    logId: 1,
    identity: '',
    tie: 0,
    prefixLength: 0,
    position: { offset: 0, tailHash: '' },
    path,
    firstTime,
    lastTime,
    incomplete: false,
  };
}

function log(change: Partial<Log>): Log {
  return {
    id: 1,
    host: 'mta1',
    parser: 'postfix',
    name: '/var/log/mail.log',
    version: 1,
    segments: [],
    ...change,
  };
}

const place = { logs: [], directory: '/etc/maillog-tlsrpt', host: 'mta1' };
const configured = (...logs: object[]) => ({
  ...place,
  logs: configSchema.parse({ organization: 'A', contact: 'a@b.example', state: 's', logs }).logs,
});

it('names the file that held the hour', () => {
  const segments = [
    segment('/var/log/mail.log.1', HOUR - 7_200_000, HOUR + 60_000),
    segment('/var/log/mail.log', HOUR + 3_600_000, HOUR + 7_200_000),
  ];
  expect(explainCommand(sum, [log({ segments })], place)).toBe(
    'maillog-tlsrpt explain /var/log/mail.log.1 --domain example.org',
  );
});

it('takes the log of the same host and parser, and says which parser', () => {
  const logs = [
    log({ host: 'other', name: '/other' }),
    log({ parser: 'exim', name: '/var/log/exim4/mainlog' }),
  ];
  expect(explainCommand({ ...sum, parser: 'exim' }, logs, place)).toBe(
    'maillog-tlsrpt explain /var/log/exim4/mainlog --domain example.org --parser exim',
  );
});

it('leaves the file open where the lines came through a pipe, or nobody knows any more', () => {
  for (const logs of [[log({ name: '-', segments: [segment('-', HOUR, HOUR)] })], []])
    expect(explainCommand(sum, logs, place)).toBe('maillog-tlsrpt explain FILE --domain example.org');
});

it('pipes the entries of a journal, with what the configuration says of it', () => {
  const units = configured(
    { journal: { units: ['exim4.service'] }, parser: 'exim' },
    {
      journal: { units: ['postfix@-.service'], directory: '/srv/journal' },
      relayhosts: ['[smtp.isp.example]:587'],
      host: 'mta1',
      'tls-log-level': 1,
    },
  );
  const name = 'journal:/srv/journal,postfix@-.service';
  expect(explainCommand(sum, [log({ name })], units)).toBe(
    "journalctl -o json --no-pager --unit=postfix@-.service --directory=/srv/journal --since='2026-11-20 09:00:00 UTC' --until='2026-11-20 12:00:00 UTC' | maillog-tlsrpt explain - --domain example.org --host mta1 --relayhost '[smtp.isp.example]:587' --postfix-tls-loglevel 1",
  );
  expect(explainCommand(sum, [log({ name: 'journal:gone' })], place)).toMatch(
    /^journalctl -o json --no-pager --since=\S+ \S+ UTC' --until=.* \| maillog-tlsrpt explain - --domain example\.org$/,
  );
});

it('names a configuration of another place, and no parser that only a path names', () => {
  const own = {
    ...configured({ path: '/var/log/own.log', parser: './own.mjs' }),
    configPath: '/srv/c d.yaml',
  };
  const logs = [log({ parser: 'own', name: '/var/log/own.log' })];
  expect(explainCommand({ ...sum, parser: 'own' }, logs, own)).toBe(
    "maillog-tlsrpt explain /var/log/own.log --domain example.org --config '/srv/c d.yaml'",
  );
});

it('gives the shell one word, whatever it holds', () => {
  for (const word of [...HOSTILE.filter((each) => !each.includes('\0')), '$(id)', '`id`', "it's", 'a b']) {
    expect(execFileSync('/bin/sh', ['-c', `printf %s ${quoted(word)}`], { encoding: 'utf8' })).toBe(word);
  }
});
