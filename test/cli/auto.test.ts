import { copyFile, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MORNING_AFTER, makePlace, type Place } from './place.ts';
import { runCli } from './run-cli.ts';

const lab = (path: string) => fileURLToPath(new URL(`../lab/${path}`, import.meta.url));
const POSTFIX = lab('postfix-may/mail.log');
const OPENSMTPD = lab('opensmtpd-debian13/mail.log');

let place: Place;
beforeEach(async () => {
  place = await makePlace('mta: {honours: []}\nlogs: [{path: mail.log, parser: auto, timezone: UTC}]\n');
});
afterEach(() => place.remove());

const command = (...words: string[]) => runCli([...words, '--now', MORNING_AFTER, '--config', place.config]);

/** Parser and sessions of each log of the ledger. */
async function logs(): Promise<[string, boolean][]> {
  const [status] = (await command('status', '--json')).json() as {
    logs: { parser: string; bytes: number; readToEndAt?: string }[];
  }[];
  const read = (status?.logs ?? []).filter(({ readToEndAt }) => readToEndAt !== undefined);
  return read.map(({ parser, bytes }): [string, boolean] => [parser, bytes > 0]).sort();
}

describe('parser: auto in the config', () => {
  it('reads a mixed log by each parser its lines call for, exactly once', async () => {
    await place.write('mail.log', `${await readFile(POSTFIX, 'utf8')}${await readFile(OPENSMTPD, 'utf8')}`);
    const first = await command('run', '--offline', '--json');
    expect(first.code).toBe(0);
    expect(await logs()).toEqual([
      ['opensmtpd', true],
      ['postfix', true],
    ]);
    const counted = async () => {
      const [status] = (await command('status', '--json')).json() as { days: { sessions: number }[] }[];
      return status?.days.reduce((sum, day) => sum + day.sessions, 0);
    };
    const sessions = await counted();
    const told = await Promise.all(
      [
        [POSTFIX, 'postfix'],
        [OPENSMTPD, 'opensmtpd'],
      ].map(([file = '', parser = '']) =>
        runCli(['sessions', file, '--parser', parser, '--timezone', 'UTC', '--now', MORNING_AFTER]),
      ),
    );
    const some = told.reduce((sum, result) => sum + result.json().length, 0);
    expect(sessions).toBeGreaterThan(some * 0.9);
    await command('run', '--offline');
    expect(await counted()).toBe(sessions);
  });

  it('is checked as the parsers it stands for', async () => {
    await copyFile(OPENSMTPD, place.path('mail.log'));
    const findings = (await command('check', '--json')).json();
    expect(JSON.stringify(findings)).toContain('mail.log');
    expect(JSON.stringify(findings)).not.toMatch(/no parser|has shown yet/);
  });

  it('keeps what it found when the log was just rotated, and says when nothing was found yet', async () => {
    await place.write('mail.log', 'nothing of an MTA\n');
    const none = await command('run', '--offline');
    expect(none.stderr).toContain('no line of the log has shown yet which MTA wrote it');
    await copyFile(OPENSMTPD, place.path('mail.log'));
    expect((await command('run', '--offline')).code).toBe(0);
    await copyFile(OPENSMTPD, place.path('mail.log.1'));
    await place.write('mail.log', '');
    expect((await command('run', '--offline')).code).toBe(0);
    expect(await logs()).toEqual([['opensmtpd', true]]);
  });
});

describe('backfill --parser auto', () => {
  it('gives each file to the parsers its lines call for', async () => {
    const result = await command('backfill', POSTFIX, OPENSMTPD, '--parser', 'auto', '--timezone', 'UTC');
    expect(result.code).toBe(0);
    expect(result.stderr).toMatch(/postfix-may\/mail\.log: read as postfix \(line \d+\)/);
    expect(result.stderr).toMatch(/opensmtpd-debian13\/mail\.log: read as opensmtpd \(line \d+\)/);
    expect(await logs()).toEqual([
      ['opensmtpd', true],
      ['postfix', true],
    ]);
  });
});
