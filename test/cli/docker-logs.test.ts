import { appendFile, readFile, rename } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSyslogReader } from '../../src/logs/syslog.ts';
import { zoneOf } from '../../src/logs/zone.ts';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

const LIVE = '4c01db0b339cf4a1c2b8-json.log';
const NOW = ['--now', MORNING_AFTER];

let docker: Place;
let plain: Place;
beforeEach(async () => {
  const log = `mta: {honours: []}\nlogs: [{path: ${LIVE}, host: mta1, timezone: UTC}]\n`;
  docker = await makePlace(log);
  plain = await makePlace();
});
afterEach(async () => {
  await docker.remove();
  await plain.remove();
});

/** The sample as Docker's json-file driver keeps it, in three parts. */
async function dockerParts(): Promise<string[]> {
  const read = createSyslogReader({
    zone: zoneOf('UTC'),
    host: 'mta1',
    latest: () => Date.parse(MORNING_AFTER),
  });
  const lines = (await readFile(SAMPLE_LOG, 'utf8')).trimEnd().split('\n');
  const records = lines.map((line) => {
    const stamp = new Date(read(line)?.time ?? 0).toISOString().replace('Z', '123456Z');
    return `${JSON.stringify({ log: `${line}\n`, stream: 'stdout', time: stamp })}\n`;
  });
  const third = Math.ceil(records.length / 3);
  return [0, 1, 2].map((part) => records.slice(part * third, (part + 1) * third).join(''));
}

async function reports(config: string): Promise<string> {
  return (await runCli(['report', '--json', '--config', config, ...NOW])).stdout;
}

it("reads Docker's logs through Docker's rotations, as if they were one plain file", async () => {
  const [oldest = '', middle = '', newest = ''] = await dockerParts();
  await docker.write(LIVE, oldest);
  const run = () => runCli(['run', '--offline', '--config', docker.config, ...NOW]);
  expect((await run()).code).toBe(0);
  await rename(docker.path(LIVE), docker.path(`${LIVE}.1`));
  await docker.write(LIVE, middle.slice(0, 5000));
  await run();
  await docker.write(`${LIVE}.2.gz`, gzipSync(oldest));
  await appendFile(docker.path(LIVE), middle.slice(5000));
  await rename(docker.path(LIVE), docker.path(`${LIVE}.1`));
  await docker.write(LIVE, newest);
  const last = await run();
  expect([last.code, last.stderr]).toEqual([0, expect.not.stringContaining('warning')]);

  const reading = ['--timezone', 'UTC', '--host', 'mta1', ...NOW, '--config', plain.config];
  await runCli(['backfill', SAMPLE_LOG, ...reading]);
  expect((await reports(docker.config)).split('\n').length).toBeGreaterThan(80);
  expect(await reports(docker.config)).toBe(await reports(plain.config));
});
