import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UnknownLines } from '../../src/reading/unknown-lines.ts';
import { MORNING_AFTER, makePlace, type Place } from '../cli/place.ts';
import { runCli } from '../cli/run-cli.ts';

const entry = (message: string) => ({ time: 0, host: 'mail', program: 'postfix/smtp', pid: 1, message });

describe('lines that no rule knows', () => {
  it('are counted, and three of different kinds are kept', () => {
    const unknown = new UnknownLines();
    for (let n = 0; n < 100; n++) unknown.add(entry(`levitated over mx${n}.example.org[192.0.2.${n}]:25`));
    unknown.add(entry('sank below'));
    unknown.add(entry('went away'));
    unknown.add(entry('came back'));
    const { count, samples } = unknown.take();
    expect(count).toBe(103);
    expect(samples).toEqual([
      'postfix/smtp: levitated over mx0.example.org[192.0.2.0]:25',
      'postfix/smtp: sank below',
      'postfix/smtp: went away',
    ]);
    expect(unknown.take()).toEqual({ count: 0, samples: [] });
  });

  it('lose their local parts and what a terminal obeys, and are cut', () => {
    const unknown = new UnknownLines();
    unknown.add(entry('mail of john.doe@example.org and "john \\" doe"@example.net\u001b[2J\u202e'));
    unknown.add(entry(`long ${'x'.repeat(5000)}`));
    const [first = '', second = ''] = unknown.take().samples;
    expect(first).toBe('postfix/smtp: mail of …@example.org and …@example.net?[2J?');
    expect(second.length).toBeLessThan(250);
  });
});

describe('in the ledger', () => {
  let place: Place;
  beforeEach(async () => {
    place = await makePlace('mta: {honours: []}\nlogs: [{path: mail.log, parser: postfix, timezone: UTC}]\n');
  });
  afterEach(() => place.remove());
  const command = (...words: string[]) =>
    runCli([...words, '--now', MORNING_AFTER, '--config', place.config]);
  const line = (second: number, text: string) =>
    `2026-11-23T10:00:0${second}Z mail postfix/smtp[1]: ${text}\n`;

  it('are added up from pass to pass, and said by status and at the end of backfill', async () => {
    await place.write('mail.log', line(1, 'levitated for john@example.org'));
    expect((await command('run', '--offline')).code).toBe(0);
    await place.write('mail.log', line(1, 'levitated for john@example.org') + line(2, 'sank below'));
    await command('run', '--offline');
    const { stdout } = await command('status');
    expect(stdout).toContain('2 lines are known to no rule of the postfix parser');
    expect(stdout).toContain(
      '    postfix/smtp: levitated for …@example.org\n      postfix/smtp: sank below\n',
    );
    const [status] = (await command('status', '--json')).json();
    expect(JSON.stringify(status)).not.toContain('john');
    const archive = await place.write('old.log', line(3, 'flew off').replace('2026-11-23', '2026-11-20'));
    expect((await command('backfill', archive, '--timezone', 'UTC')).stderr).toContain(
      'One line is known to no rule of the postfix parser',
    );
  });
});
