import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addDays } from '../../src/day.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { zoneOf } from '../../src/logs/zone.ts';
import { connectTo, type Threads } from '../../src/reading/ahead/worker-entry.ts';
import { type ReadSummary, readArchivedLogs } from '../../src/reading.ts';
import { createParser, loadParser } from '../../src/registry.ts';
import { SAMPLE_LOG } from '../cli/place.ts';
import { classicStamp, nightOf, wallClock } from '../logs/autumn-night.ts';

const ENTRY = new URL('../../dist/src/reading/ahead/worker.js', import.meta.url);
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const NOW = Date.UTC(2026, 10, 24, 5);
/** As many lines a day as make several rooms of a thread. */
const REPEATED = 12;
const HOUR_MS = 3_600_000;

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'ahead-'));
});
afterEach(() => {
  rmSync(place, { recursive: true, force: true });
});

/** The sample's day, moved back by so many. */
async function day(back: number): Promise<Buffer> {
  const sample = await readFile(SAMPLE_LOG, 'utf8');
  const of = addDays('2026-11-23', -back);
  const stamp = `${MONTHS[Number(of.slice(5, 7)) - 1]} ${of.slice(8).replace(/^0/, ' ')} `;
  return Buffer.from(sample.replace(/^Nov 23 /gm, stamp).repeat(REPEATED));
}

function pack(program: string, text: Buffer): Buffer {
  const { status, stdout } = spawnSync(program, ['-c'], { input: text, maxBuffer: 1 << 28 });
  expect(status, program).toBe(0);
  return stdout;
}

/** Reads files into the ledger of that name, in this thread alone or with others. */
async function backfill(
  state: string,
  paths: readonly string[],
  threads: Threads | undefined,
  zone = 'UTC',
): Promise<ReadSummary> {
  const ledger = await openLedger(join(place, state));
  const module = await loadParser('postfix', place);
  try {
    const how = {
      parserName: 'postfix',
      makeParser: () => createParser(module, { midStream: true }),
      parserSpec: { name: 'postfix', options: { midStream: true } },
      zone: zoneOf(zone),
      host: 'mta1',
      overlap: 'count',
      latest: NOW,
    } as const;
    const deps = { ledger, clock: { now: () => NOW }, batchTallies: 200 };
    return await readArchivedLogs({ ...deps, ...(threads !== undefined && { threads }) }, paths, how);
  } finally {
    await ledger.close();
  }
}

/** What is said of a reading, the words of libraries left out. */
function told({ faults, ...summary }: ReadSummary): unknown {
  const problems = faults.map(({ path, problem: { name, message, where, help, exitCode } }) => ({
    path,
    problem: { name, message, where, help, exitCode },
  }));
  return { ...summary, problems };
}

/** Digests of a ledger's tables: all their rows, but for numbers given in the order of reading. */
function digests(state: string): Record<string, string> {
  const database = new Database(join(place, state, 'ledger.sqlite'), { readonly: true });
  const rowsOf = (table: string) => {
    const rows = database.prepare(`SELECT * FROM "${table}"`).all() as Record<string, unknown>[];
    return rows.map(({ id: _, ...row }) => JSON.stringify(row)).sort();
  };
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    const names = (tables as { name: string }[]).map(({ name }) => name).filter((name) => name !== 'meta');
    return Object.fromEntries(
      names.map((name) => {
        const rows = rowsOf(name);
        const digest = createHash('sha256').update(rows.join('\n')).digest('hex');
        return [name, `${rows.length} rows, ${digest}`];
      }),
    );
  } finally {
    database.close();
  }
}

/** A session of Postfix, of that stamp. */
function sessionLines(stamp: string): string {
  const head = `${stamp} mta1 postfix/smtp[7]:`;
  const server = 'mx.example.org[192.0.2.1]:25';
  return [
    `${head} Trusted TLS connection established to ${server}: TLSv1.3 with cipher X (256/256 bits)`,
    `${head} 4dDp5q3V5Gz5: to=<bob@example.org>, relay=${server}, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)`,
    '',
  ].join('\n');
}

/** Archives of every kind, whole and not, oldest first. */
async function archives(): Promise<string[]> {
  const paths: string[] = [];
  const add = async (name: string, bytes: Buffer) => {
    const path = join(place, name);
    await writeFile(path, bytes);
    paths.push(path);
  };
  await add('mail.log.9.gz', gzipSync(await day(9)));
  const multi = await day(8);
  const members: Buffer[] = [];
  for (let at = 0, size = 1; at < multi.length; at += size, size = (size * 7 + 13) % 99_991)
    members.push(gzipSync(multi.subarray(at, at + size)));
  await add('mail.log.8.gz', Buffer.concat(members));
  await add('mail.log.7.xz', pack('xz', await day(7)));
  await add('mail.log.6', await day(6));
  await add('mail.log.5.zst', pack('zstd', await day(5)));
  const whole = gzipSync(await day(4));
  await add('mail.log.4.gz', whole.subarray(0, Math.floor(whole.length * 0.6)));
  await add('mail.log.3.bz2', pack('bzip2', await day(3)));
  const damaged = gzipSync(await day(2));
  damaged.fill(0x55, Math.floor(damaged.length * 0.8), Math.floor(damaged.length * 0.8) + 300);
  await add('mail.log.2.gz', damaged);
  // Without its last newline, and with one more line than ends in it.
  const last = await day(1);
  await add('mail.log.1.gz', gzipSync(last.subarray(0, last.length - 1)));
  await add('mail.log.10.gz', gzipSync((await day(10)).subarray(0, 2000)));
  return paths;
}

/** Threads for logs as small as these. */
function threadsOf(most: number, entry = ENTRY): Threads {
  return { most, part: 300_000, seen: 1000, connect: () => connectTo(entry) };
}

describe.each([1, 3])('logs read ahead in %i threads', (most) => {
  it('are dated rightly where an hour comes twice, though a file begins in its second reading', async () => {
    const night = nightOf('Europe/Berlin');
    const clock = wallClock(night.zone);
    const paths: string[] = [];
    const hours = new Map<number, number>();
    let text = '';
    for (let time = night.begin - HOUR_MS; time < night.end + HOUR_MS; time += 15_000) {
      text += sessionLines(classicStamp(clock(time)));
      const hour = Math.floor(time / HOUR_MS) * HOUR_MS;
      hours.set(hour, (hours.get(hour) ?? 0) + 1);
      if ((time - night.begin) % (50 * 60_000) !== 0) continue;
      const path = join(place, `mail.log.${10 - paths.length}.gz`);
      await writeFile(path, gzipSync(text));
      await utimes(path, time / 1000, time / 1000);
      paths.push(path);
      text = '';
    }
    const last = join(place, 'mail.log');
    await writeFile(last, text);
    const { faults, sessions } = await backfill('night', [last, ...paths], threadsOf(most), night.zone);
    expect([faults, sessions, paths.length]).toEqual([[], 960, 5]);
    const ledger = await openLedger(join(place, 'night'));
    const counted = new Map<number, number>();
    for (const { hour, count } of await ledger.tallies({}))
      counted.set(hour, (counted.get(hour) ?? 0) + count);
    await ledger.close();
    expect([...counted].sort()).toEqual([...hours].sort());
  });

  it('leave the very rows and say the very faults of one thread alone', async () => {
    const paths = await archives();
    const alone = await backfill('alone', paths, undefined);
    const ahead = await backfill('ahead', paths, threadsOf(most));
    expect(alone.faults.map(({ path }) => path)).toEqual([
      join(place, 'mail.log.4.gz'),
      join(place, 'mail.log.2.gz'),
    ]);
    expect(alone.lines).toBeGreaterThan(7.5 * 1000 * REPEATED);
    expect(told(ahead)).toEqual(told(alone));
    expect(digests('ahead')).toEqual(digests('alone'));
  });

  it('resume one that was cut off when it is whole, and read nothing twice', async () => {
    const threads = threadsOf(most);
    for (const [state, how] of [['ahead', threads] as const, ['alone', undefined] as const]) {
      const paths = await archives();
      expect((await backfill(state, paths, how)).faults.length).toBe(2);
      await writeFile(join(place, 'mail.log.4.gz'), gzipSync(await day(4)));
      await writeFile(join(place, 'mail.log.2.gz'), gzipSync(await day(2)));
      expect(await backfill(state, paths, how)).toMatchObject({ files: 10, known: 8, faults: [] });
      expect(await backfill(state, paths, how)).toMatchObject({ known: 10, lines: 0, sessions: 0 });
    }
    expect(digests('ahead')['tally']).toBe(digests('alone')['tally']);
    expect(digests('ahead')['segment']).toBe(digests('alone')['segment']);
  });

  it('are read by the reader itself where no thread can be had', async () => {
    const paths = await archives();
    const alone = await backfill('alone', paths, undefined);
    const broken = join(place, 'broken.mjs');
    await writeFile(broken, 'throw new Error("no");\n');
    expect(await backfill('ahead', paths, threadsOf(most, pathToFileURL(broken)))).toEqual(alone);
    expect(digests('ahead')).toEqual(digests('alone'));
  });
});

it('what a thread was at when it died is read on without it, and counts once', async () => {
  const paths = await archives();
  const alone = await backfill('alone', paths, undefined);
  const worker = new URL('../../dist/src/reading/ahead/stretch-worker.js', import.meta.url).href;
  const dying = join(place, 'dying.mjs');
  await writeFile(
    dying,
    `import { parentPort } from 'node:worker_threads';
     import { StretchWorker } from '${worker}';
     const post = parentPort.postMessage.bind(parentPort);
     parentPort.postMessage = (answer, transfer) => {
       post(answer, transfer);
       if (answer.kind === 'mark') setTimeout(() => process.exit(1));
     };
     new StretchWorker(parentPort);`,
  );
  const ahead = await backfill('ahead', paths, threadsOf(2, pathToFileURL(dying)));
  expect(told(ahead)).toEqual(told(alone));
  expect(digests('ahead')['tally']).toBe(digests('alone')['tally']);
  expect(digests('ahead')['segment']).toBe(digests('alone')['segment']);
});

it('the bundle finds the file its threads begin with', async () => {
  const bundle = join(place, 'bundle');
  spawnSync(process.execPath, [fileURLToPath(new URL('../../.ci/bundle.mjs', import.meta.url)), bundle]);
  const files = (await archives()).filter((path) => /\.[98]\.gz$/.test(path));
  const words = ['backfill', ...files, '--state', join(place, 'state'), '--offline', '--timezone', 'UTC'];
  words.push('--threads', '2', '--host', 'mta1');
  const { status, stderr, stdout } = spawnSync(process.execPath, [join(bundle, 'main.mjs'), ...words], {
    encoding: 'utf8',
    env: { ...process.env, NODE_DEBUG: 'worker' },
  });
  expect([status, stdout.split(',')[0]]).toEqual([0, '2 files']);
  expect(stderr).toContain('bundle/reading-worker.mjs');
});
