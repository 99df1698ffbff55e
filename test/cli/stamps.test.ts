import { utimes } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openLedger } from '../../src/ledger/open.ts';
import { makePlace, type Place } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

/** A session whose TLS line bears this stamp. */
function session(stamp: string, number = 1): string {
  const head = `${stamp} mta1 postfix/smtp[${number}]:`;
  return [
    `${head} Trusted TLS connection established to mx.a.example[192.0.2.1]:25: TLSv1.3 with cipher X (256/256 bits)`,
    `${head} 4F${String(number).padStart(8, '0')}: to=<a@a.example>, relay=mx.a.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)`,
    '',
  ].join('\n');
}

/** A log of sessions at these stamps, last changed at a time. @param number of the first session */
async function newLog(
  stamps: readonly string[],
  changed: string,
  name = 'mail.log',
  number = 1,
): Promise<string> {
  const text = stamps.map((stamp, at) => session(stamp, at + number)).join('');
  const path = await place.write(name, name.endsWith('.gz') ? gzipSync(text) : text);
  await utimes(path, new Date(changed), new Date(changed));
  return path;
}

/** The times that `sessions` tells. */
async function told(path: string, ...words: string[]): Promise<string[]> {
  const zone = words.includes('--timezone') ? [] : ['--timezone', 'UTC'];
  const result = await runCli(['sessions', path, ...zone, ...words]);
  expect(result.stderr).toBe('');
  const sessions = result.json() as { time: string }[];
  return sessions.map(({ time }) => time.replace('T', ' ').replace('Z', ''));
}

/** The days that `backfill` counts. */
async function counted(path: string, ...words: string[]): Promise<unknown> {
  const config = ['--config', place.config, '--offline', '--timezone', 'UTC'];
  const { stdout } = await runCli(['backfill', path, ...config, ...words]);
  return /\d+ sessions, (\S+ to \S+)/.exec(stdout)?.[1];
}

const NEW_YEAR = ['Dec 30 08:00:00', 'Dec 31 23:59:59', 'Jan  1 00:00:00', 'Jan  2 08:00:00'];
const OVER_NEW_YEAR = (year: number) => [
  `${year}-12-30 08:00:00`,
  `${year}-12-31 23:59:59`,
  `${year + 1}-01-01 00:00:00`,
  `${year + 1}-01-02 08:00:00`,
];
/** Every tenth day of two years and a half, as a log that nobody rotates has them. */
const UNROTATED = Array.from({ length: 91 }, (_, at) => new Date(Date.UTC(2024, 4, 10 + 10 * at)));
const stampOf = (time: Date) => {
  const [, day = '', month = ''] = /, (\d+) (\w+)/.exec(time.toUTCString()) ?? [];
  return `${month} ${String(Number(day)).padStart(2)} 12:00:00`;
};
const wordsOf = (time: Date) => `${time.toISOString().slice(0, 10)} 12:00:00`;

describe('stamps without a year', () => {
  test.each([
    ['read at once', '2026-01-02T09:00:00Z'],
    ['copied in the next autumn', '2026-11-24T00:00:00Z'],
  ])('cross New Year in a log %s', async (_, changed) => {
    expect(await told(await newLog(NEW_YEAR, changed))).toEqual(OVER_NEW_YEAR(2025));
    expect(await counted(await newLog(NEW_YEAR, changed, 'a.log.gz'))).toBe('2025-12-30 to 2026-01-02');
  });

  test('begin in the year that --year names, and go on from there', async () => {
    for (const name of ['mail.log', 'mail.log.gz']) {
      const path = await newLog(NEW_YEAR, '2026-11-24T00:00:00Z', name);
      expect(await told(path, '--year', '2021')).toEqual(OVER_NEW_YEAR(2021));
      expect(await counted(path, '--year', '2021')).toBe('2021-12-30 to 2022-01-02');
      await place.remove();
      place = await makePlace();
    }
  });

  test('of a day that few years have are of one that has it', async () => {
    const leap = ['Feb 28 12:00:00', 'Feb 29 12:00:00', 'Mar  1 12:00:00'];
    expect(await told(await newLog(leap, '2024-03-01T13:00:00Z'))).toEqual([
      '2024-02-28 12:00:00',
      '2024-02-29 12:00:00',
      '2024-03-01 12:00:00',
    ]);
    expect((await told(await newLog(leap, '2026-11-24T00:00:00Z'), '--year', '2020'))[1]).toBe(
      '2020-02-29 12:00:00',
    );
  });

  test('of a log that was not rotated for years are each of its own year', async () => {
    const path = await newLog(UNROTATED.map(stampOf), '2026-10-30T00:00:00Z');
    expect(await told(path)).toEqual(UNROTATED.map(wordsOf));
    expect(await counted(path)).toBe('2024-05-10 to 2026-10-27');
    // A day of last year, a year before the file's last change, is not taken for yesterday.
    const year = ['Oct 29 10:00:00', 'Jan 15 10:00:00', 'Jun 15 10:00:00', 'Oct 30 10:00:00'];
    const padded = year.flatMap((stamp) => Array<string>(20).fill(stamp));
    expect(new Set(await told(await newLog(padded, '2026-10-30T11:00:00Z')))).toEqual(
      new Set(['2025-10-29 10:00:00', '2026-01-15 10:00:00', '2026-06-15 10:00:00', '2026-10-30 10:00:00']),
    );
  });

  test('of a log that was silent for most of a year are each of its own year', async () => {
    const days = (year: number, month: number, count: number) =>
      Array.from({ length: count }, (_, at) => new Date(Date.UTC(year, month, 3 + at)));
    const silent = [...days(2023, 10, 60), ...days(2024, 9, 120)];
    for (const name of ['mail.log', 'mail.log.gz']) {
      const path = await newLog(silent.map(stampOf), '2025-02-01T00:00:00Z', name);
      expect(await told(path)).toEqual(silent.map(wordsOf));
      expect(await told(path, '--year', '2023')).toEqual(silent.map(wordsOf));
    }
  });

  test('of an archive that goes on for more than a year are each of their own year', async () => {
    const daily = Array.from({ length: 381 }, (_, at) => new Date(Date.UTC(2025, 10, 15 + at)));
    const path = await newLog(daily.map(stampOf), '2026-11-30T12:01:00Z', 'mail.log.gz');
    expect(await told(path)).toEqual(daily.map(wordsOf));
    expect(await counted(path)).toBe('2025-11-15 to 2026-11-30');
    const years = await newLog(UNROTATED.map(stampOf), '2026-10-30T00:00:00Z', 'years.log.gz');
    expect(await told(years)).toEqual(UNROTATED.map(wordsOf));
  });

  test('of an archive too large to be looked through are refused when they turn out to go on for too long', async () => {
    // All but nothing of a year is written behind its first day.
    const busy = Array<Date>(30_000).fill(new Date('2025-11-15T12:00:00Z'));
    const later = Array.from({ length: 380 }, (_, at) => new Date(Date.UTC(2025, 10, 16 + at)));
    const path = await newLog([...busy, ...later].map(stampOf), '2026-11-30T12:01:00Z', 'mail.log.gz');
    const words = ['--timezone', 'UTC', '--offline', '--config', place.config];
    const refused = await runCli(['backfill', path, ...words]);
    expect([refused.code, refused.stderr]).toEqual([65, expect.stringContaining('--year 2025')]);
    expect(refused.stdout).toContain(' 0 sessions');
    expect(await counted(path, '--year', '2025')).toBe('2025-11-15 to 2026-11-30');
  });

  describe('on standard input', () => {
    afterEach(() => {
      vi.restoreAllMocks();
    });

    function readingFrom(stamps: readonly string[], words: readonly string[]) {
      const input = stamps.map((stamp, at) => session(stamp, at + 1)).join('');
      vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([Buffer.from(input)]) as never);
      return runCli([...words, '-', '--timezone', 'UTC']);
    }
    const daily = (days: number) =>
      Array.from({ length: days }, (_, at) => stampOf(new Date(Date.UTC(2025, 10, 15 + at))));

    test('are refused when they go on for more than a year, for none knows when they began', async () => {
      const now = ['--now', '2026-11-30T12:01:00Z'];
      const words = ['backfill', '--offline', '--config', place.config];
      const refused = await readingFrom(daily(381), [...words, ...now]);
      expect([refused.code, refused.stderr]).toEqual([65, expect.stringContaining('--year 2025')]);
      expect(refused.stdout).toContain(' 0 sessions');
      expect((await readingFrom(daily(20), ['sessions', ...now])).code).toBe(65);
      const given = await readingFrom(daily(381), [...words, '--year', '2025']);
      expect(given.stdout).toContain('381 sessions, 2025-11-15 to 2026-11-30');
    });

    test.each([
      ['a clock was wrong', ['Dec 20 10:00:00', 'Jan  1 00:00:10', 'Jan  1 00:10:00', 'Dec 20 10:20:00']],
      [
        'lines have years',
        ['2026-12-20T10:00:00Z', '2026-01-01T10:00:00Z', '2026-01-01T10:01:00Z', '2026-01-03T10:00:00Z'],
      ],
    ])('may go back where %s', async (_, stamps) => {
      const result = await readingFrom(stamps, ['sessions', '--now', '2026-12-20T12:00:00Z']);
      expect([result.code, result.json().length]).toEqual([0, 4]);
    });
  });

  test('around a Feb 29 are of its year', async () => {
    const leap = ['Feb 28 23:59:59', 'Feb 29 12:00:00', 'Mar  1 00:00:00'];
    const times = ['2024-02-28 23:59:59', '2024-02-29 12:00:00', '2024-03-01 00:00:00'];
    for (const name of ['mail.log', 'mail.log.gz'])
      expect(await told(await newLog(leap, '2026-11-24T00:00:00Z', name))).toEqual(times);
    expect(await told(await newLog(leap.slice(0, 2), '2026-11-24T00:00:00Z'))).toEqual(times.slice(0, 2));
    expect(await told(await newLog(leap.slice(1), '2026-11-24T00:00:00Z'))).toEqual(times.slice(1));
    // A clock that was wrong moves no other line.
    const wrong = ['Nov 23 10:00:00', 'Feb 29 12:00:00', 'Nov 23 11:00:00'];
    const day = await told(await newLog(wrong, '2026-11-24T00:00:00Z'));
    expect([day[0], day[2]]).toEqual(['2026-11-23 10:00:00', '2026-11-23 11:00:00']);
  });

  test('of a machine that did not know the time when it started move no other line', async () => {
    const day = Array<string>(40).fill('Nov 23 10:00:00');
    const path = await newLog([...day, 'Jan  1 00:00:10', ...day], '2026-11-23T11:00:00Z');
    const times = await told(path);
    expect(times.filter((time) => time === '2026-11-23 10:00:00')).toHaveLength(80);
    expect(times).toContain('2026-01-01 00:00:10');
    const years = UNROTATED.map(stampOf).toSpliced(50, 0, 'Jan  1 00:00:10');
    const all = await told(await newLog(years, '2026-10-30T00:00:00Z', 'years.log'));
    expect(all.toSpliced(50, 1)).toEqual(UNROTATED.map(wordsOf));
  });

  test('are read on in a log that was silent for most of a year', async () => {
    const words = ['--config', place.config, '--offline', '--timezone', 'UTC'];
    const path = await newLog(['Jan 10 12:00:00'], '2025-01-10T13:00:00Z');
    expect((await runCli(['backfill', path, ...words])).stdout).toContain('2025-01-10 to 2025-01-10');
    await newLog(['Jan 10 12:00:00', 'Nov 20 12:00:00', 'Jan  5 12:00:00'], '2026-01-06T00:00:00Z');
    expect((await runCli(['backfill', path, ...words])).stdout).toContain('2025-11-20 to 2026-01-05');
  });

  test('are read on in a log that grows over New Year', async () => {
    const words = ['--config', place.config, '--offline', '--timezone', 'UTC'];
    const path = await newLog(NEW_YEAR.slice(0, 2), '2025-12-31T23:59:59Z');
    expect((await runCli(['backfill', path, ...words])).stdout).toContain('2025-12-30 to 2025-12-31');
    await newLog(NEW_YEAR, '2026-01-02T08:00:00Z');
    expect((await runCli(['backfill', path, ...words])).stdout).toContain('2026-01-01 to 2026-01-02');
    // So they are where the year is told.
    const told = [...words, '--year', '2019', '--host', 'mta2'];
    const other = await newLog(NEW_YEAR.slice(0, 2), '2026-11-24T00:00:00Z', 'other.log');
    expect((await runCli(['backfill', other, ...told])).stdout).toContain('2019-12-30 to 2019-12-31');
    await newLog(NEW_YEAR, '2026-11-24T00:00:00Z', 'other.log');
    expect((await runCli(['backfill', other, ...told])).stdout).toContain('2020-01-01 to 2020-01-02');
  });
});

describe('stamps without a year in the files of a log', () => {
  /** Fourteen months of rotations, the oldest first, all changed last by a copy. */
  async function monthly(nameOf: (number: number) => string): Promise<string[]> {
    const paths: string[] = [];
    for (let month = 0; month < 14; month++) {
      const stamps = [1, 28].map((day) => stampOf(new Date(Date.UTC(2025, 9 + month, day))));
      paths.push(await newLog(stamps, '2026-12-01T00:00:00Z', nameOf(13 - month), 2 * month + 1));
    }
    return paths;
  }
  const MONTHS = Array.from({ length: 28 }, (_, at) =>
    wordsOf(new Date(Date.UTC(2025, 9 + Math.floor(at / 2), at % 2 === 0 ? 1 : 28))),
  );
  const numbered = (number: number) => (number === 0 ? 'mail.log' : `mail.log.${number}`);

  test.each([
    ['plain', numbered],
    ['compressed', (number: number) => (number < 2 ? numbered(number) : `mail.log.${number}.gz`)],
  ])('are of no later year than those of the file after it: %s', async (_, nameOf) => {
    const [first = '', ...others] = await monthly(nameOf);
    expect(await told(first, ...others)).toEqual(MONTHS);
    expect(await told(first, ...others, '--year', '2019')).toEqual(
      MONTHS.map((time) => time.replace(/^\d+/, (year) => String(Number(year) - 6))),
    );
    expect((await counted(first, ...others)) as string).toBe('2025-10-01 to 2026-11-28');
  });

  test('are so too where the configuration names the log', async () => {
    await monthly(numbered);
    await place.remove();
    place = await makePlace();
    await monthly(numbered);
    const config = await place.write(
      'with-log.yaml',
      `organization: R\ncontact: tls@r.example\nstate: ${place.path('state')}\nlogs: [{path: ${place.path('mail.log')}, timezone: UTC}]\n`,
    );
    const words = ['--offline', '--now', '2026-12-01T01:00:00Z', '--config', config];
    expect((await runCli(['run', ...words])).code).toBe(0);
    const ledger = await openLedger(place.path('state'));
    const hours = (await ledger.tallies({})).map(({ hour }) => hour).sort((a, b) => a - b);
    await ledger.close();
    expect([hours.length, hours[0], hours.at(-1)]).toEqual([
      28,
      Date.parse('2025-10-01T12:00:00Z'),
      Date.parse('2026-11-28T12:00:00Z'),
    ]);
  });

  test.each([
    ['2025', (month: number) => `mail.log.${String(month + 1).padStart(2, '0')}.gz`],
    ['of days', (month: number) => `mail.log-2025${String(month + 1).padStart(2, '0')}28`],
  ])('stand where they were changed last, whichever way they are numbered: %s', async (_, nameOf) => {
    const paths: string[] = [];
    for (let month = 0; month < 12; month++) {
      const days = [1, 28].map((day) => new Date(Date.UTC(2025, month, day)));
      const changed = new Date(Date.UTC(2025, month, 28, 13)).toISOString();
      paths.push(await newLog(days.map(stampOf), changed, nameOf(month)));
    }
    const times = await told(paths[0] ?? '', ...paths.slice(1));
    expect([times.length, times[0], times.at(-1)]).toEqual([
      24,
      '2025-01-01 12:00:00',
      '2025-12-28 12:00:00',
    ]);
    expect(times).toEqual([...times].sort());
  });

  test('begin in the year that --year names, and go on from file to file', async () => {
    for (const end of ['', '.gz']) {
      const december = await newLog(
        ['Dec  5 12:00:00', 'Dec 28 12:00:00'],
        '2026-12-01T00:00:00Z',
        `mail.log.2${end}`,
      );
      const january = await newLog(
        ['Jan  3 12:00:00', 'Jan 25 12:00:00'],
        '2026-12-01T00:00:00Z',
        `mail.log.1${end}`,
      );
      const february = await newLog(['Feb  3 12:00:00', 'Feb 25 12:00:00'], '2026-12-01T00:00:00Z');
      const times = ['2024-12-05', '2024-12-28', '2025-01-03', '2025-01-25', '2025-02-03', '2025-02-25'];
      const files = [january, february, december] as const;
      expect(await told(...files, '--year', '2024')).toEqual(times.map((day) => `${day} 12:00:00`));
      expect(await counted(...files, '--year', '2024')).toBe('2024-12-05 to 2025-02-25');
      await place.remove();
      place = await makePlace();
    }
  });

  test('do not follow a file that begins with the time of a wrong clock', async () => {
    const older = await newLog(['Nov 20 12:00:00', 'Nov 21 12:00:00'], '2026-11-21T23:00:00Z', 'mail.log.1');
    const live = await newLog(['Jan  1 00:00:10', 'Nov 22 12:00:00'], '2026-11-22T13:00:00Z');
    expect((await told(older, live)).filter((time) => !time.startsWith('2026-01-01'))).toEqual([
      '2026-11-20 12:00:00',
      '2026-11-21 12:00:00',
      '2026-11-22 12:00:00',
    ]);
  });
});

describe('stamps of a zone', () => {
  const CHANGES = [
    'Mar 29 01:59:59',
    'Mar 29 03:00:01',
    'Oct 25 01:59:59',
    'Oct 25 03:00:00',
    'Oct 26 00:30:00',
  ];
  test.each([
    [
      'Europe/Berlin',
      [
        '2026-03-29 00:59:59',
        '2026-03-29 01:00:01',
        '2026-10-24 23:59:59',
        '2026-10-25 02:00:00',
        '2026-10-25 23:30:00',
      ],
    ],
    [
      'America/New_York',
      [
        '2026-03-29 05:59:59',
        '2026-03-29 07:00:01',
        '2026-10-25 05:59:59',
        '2026-10-25 07:00:00',
        '2026-10-26 04:30:00',
      ],
    ],
    [
      'Asia/Kolkata',
      [
        '2026-03-28 20:29:59',
        '2026-03-28 21:30:01',
        '2026-10-24 20:29:59',
        '2026-10-24 21:30:00',
        '2026-10-25 19:00:00',
      ],
    ],
  ])('of %s are told in UTC, on both sides of a change of the clocks', async (zone, expected) => {
    const path = await newLog(CHANGES, '2026-11-01T00:00:00Z');
    expect(await told(path, '--timezone', zone)).toEqual(expected);
  });

  test('where an hour does not exist are moved by the change', async () => {
    const path = await newLog(['Mar 29 02:30:00'], '2026-11-01T00:00:00Z');
    expect(await told(path, '--timezone', 'Europe/Berlin')).toEqual(['2026-03-29 01:30:00']);
  });

  test('where an hour comes twice are of the first until they go back, but for a late line', async () => {
    const edges = [
      'Oct 25 02:30:00',
      'Oct 25 02:20:00',
      'Oct 25 02:50:00',
      'Oct 25 02:10:00',
      'Oct 25 02:05:00',
      'Oct 25 02:59:59',
      'Oct 25 03:00:00',
    ];
    const times = [
      '2026-10-25 00:30:00',
      '2026-10-25 00:20:00',
      '2026-10-25 00:50:00',
      '2026-10-25 01:10:00',
      '2026-10-25 01:05:00',
      '2026-10-25 01:59:59',
      '2026-10-25 02:00:00',
    ];
    const path = await newLog(edges, '2026-11-01T00:00:00Z');
    expect(await told(path, '--timezone', 'Europe/Berlin')).toEqual(times);
    // Two files of it are read as one.
    const [one, other] = [edges.slice(0, 4), edges.slice(4)];
    await newLog(one, '2026-10-25T01:10:00Z', 'mail.log.1.gz');
    await newLog(other, '2026-11-01T00:00:00Z');
    const archive = place.path('mail.log.1.gz');
    expect((await told(path, archive, '--timezone', 'Europe/Berlin')).sort()).toEqual([...times].sort());
  });

  test('where an hour comes twice are counted from rotations of a quarter of it whose times of change were lost', async () => {
    const moments = Array.from({ length: 24 }, (_, at) => new Date(Date.UTC(2026, 9, 25, 0, 5 * at + 1)));
    const stamps = moments.map((time) => `Oct 25 02:${String(time.getUTCMinutes()).padStart(2, '0')}:00`);
    const files: string[] = [];
    for (let number = 7; number >= 0; number--) {
      const at = 3 * (7 - number);
      const name = number === 0 ? 'mail.log' : `mail.log.${number}.gz`;
      files.push(await newLog(stamps.slice(at, at + 3), '2026-11-01T00:00:00Z', name, at + 1));
    }
    const words = ['--config', place.config, '--offline', '--timezone', 'Europe/Berlin'];
    const result = await runCli(['backfill', ...files.toReversed(), ...words]);
    expect([result.code, result.stderr]).toEqual([0, '']);
    expect(result.stdout).toContain('24 sessions');
    const times = moments.map((time) => time.toISOString().replace('T', ' ').replace('.000Z', ''));
    const [first = '', ...others] = files;
    expect((await told(first, ...others, '--timezone', 'Europe/Berlin')).sort()).toEqual(times);
  });

  test('that tell their offset need no zone, also where the host moved', async () => {
    const path = await newLog(
      ['2026-11-23T10:00:00+01:00', '2026-11-23T09:30:00Z', '2026-11-23T05:00:00.5-05:00'],
      '2026-11-24T00:00:00Z',
    );
    expect(await told(path, '--timezone', 'Asia/Tokyo')).toEqual([
      '2026-11-23 09:00:00',
      '2026-11-23 09:30:00',
      '2026-11-23 10:00:00.500',
    ]);
  });

  test('of a host that was moved to another zone are counted all, though its clock steps back', async () => {
    const stamps = [
      'Nov 23 10:00:00',
      'Nov 23 12:00:00',
      'Nov 23 06:00:01',
      'Nov 23 06:10:00',
      'Nov 23 12:30:00',
    ];
    const path = await newLog(stamps, '2026-11-24T00:00:00Z');
    expect(await told(path)).toHaveLength(5);
    expect(await counted(path)).toBe('2026-11-23 to 2026-11-23');
  });
});
