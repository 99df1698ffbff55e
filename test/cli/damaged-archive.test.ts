import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makePlace, type Place } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

const NOW = '2026-11-24T05:00:00Z';

/** One session each with so many domains. */
function logOf(domains: number): string {
  const lines: string[] = [];
  for (let number = 0; number < domains; number++) {
    const server = `mx.d${number}.example[192.0.2.25]:25`;
    const tag = 'Nov 23 10:00:00 mta1 postfix/smtp[4711]:';
    lines.push(
      `${tag} Untrusted TLS connection established to ${server}: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)`,
      `${tag} 4C${number.toString(16).toUpperCase().padStart(8, '0')}: to=<u@d${number}.example>, relay=${server}, delay=1, delays=0.1/0/0.4/0.5, dsn=2.0.0, status=sent (250 Ok)`,
    );
  }
  return `${lines.join('\n')}\n`;
}

async function sessionsOf(archive: Buffer) {
  const path = await place.write('mail.log.1.gz', archive);
  const words = ['--timezone', 'UTC', '--host', 'mta1', '--offline', '--now', NOW, '--config', place.config];
  const { code } = await runCli(['backfill', path, ...words]);
  const { stdout } = await runCli(['status', '--json', '--config', place.config, '--now', NOW]);
  const { sessions } = JSON.parse(stdout) as { sessions: { byBasis: Record<string, number> } };
  return { code, sessions: sessions.byBasis['tls-line'] ?? 0 };
}

it('counts nothing of an archive that is damaged at its end, however many sessions came before', async () => {
  const domains = 24_000;
  const whole = gzipSync(logOf(domains), { level: 1 });
  const damaged = Buffer.from(whole);
  // The checksum, in front of the length.
  damaged.writeUInt8(damaged.readUInt8(damaged.length - 8) ^ 1, damaged.length - 8);
  expect(await sessionsOf(damaged)).toEqual({ code: 65, sessions: 0 });
  expect(await sessionsOf(whole)).toEqual({ code: 0, sessions: domains });
});
