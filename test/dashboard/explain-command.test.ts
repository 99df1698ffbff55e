import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
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

it('names the file that held the hour', () => {
  const segments = [
    segment('/var/log/mail.log.1', HOUR - 7_200_000, HOUR + 60_000),
    segment('/var/log/mail.log', HOUR + 3_600_000, HOUR + 7_200_000),
  ];
  expect(explainCommand(sum, [log({ segments })])).toBe(
    'maillog-tlsrpt explain /var/log/mail.log.1 --domain example.org',
  );
});

it('takes the log of the same host and parser, and says which parser', () => {
  const logs = [
    log({ host: 'other', name: '/other' }),
    log({ parser: 'exim', name: '/var/log/exim4/mainlog' }),
  ];
  expect(explainCommand({ ...sum, parser: 'exim' }, logs)).toBe(
    'maillog-tlsrpt explain /var/log/exim4/mainlog --domain example.org --parser exim',
  );
});

it('names the usual file where the lines came through a pipe', () => {
  expect(explainCommand(sum, [log({ name: '-' })])).toContain(' /var/log/mail.log ');
});

it('gives the shell one word, whatever it holds', () => {
  for (const word of [...HOSTILE.filter((each) => !each.includes('\0')), '$(id)', '`id`', "it's", 'a b']) {
    expect(execFileSync('/bin/sh', ['-c', `printf %s ${quoted(word)}`], { encoding: 'utf8' })).toBe(word);
  }
});
