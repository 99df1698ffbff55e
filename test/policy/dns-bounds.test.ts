import { afterEach, describe, expect, test } from 'vitest';
import { clientOf, Servers, SOA, txt } from './dns-servers.ts';
import { FLAGS, replyTo } from './scripted-dns.ts';

const servers = new Servers();
afterEach(() => servers.close());

describe('what is asked', () => {
  test('recursion, AD, EDNS of 1232 bytes', async () => {
    const server = await servers.serve((seen) => [replyTo(seen, SOA)]);
    await clientOf([server]).lookup('A.Example', 'TXT');
    const [query] = server.seen;
    expect(query?.name).toBe('a.example');
    expect(query?.packet).toMatchObject({ flag_rd: true, flag_ad: true, flag_cd: false, flag_tc: false });
    expect(query?.packet.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232 }]);
  });

  test('a reply that was cut off is asked for by TCP', async () => {
    const server = await servers.serve((seen) => [
      seen.byTcp ? replyTo(seen, txt('whole')) : replyTo(seen, { flags: FLAGS.truncated }),
    ]);
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({ records: ['whole'] });
    expect(server.seen.map(({ byTcp }) => byTcp)).toEqual([false, true]);
  });

  test('a cut in the middle of a record is a cut all the same', async () => {
    const { encode } = await import('dns-packet');
    const server = await servers.serve((seen) => {
      if (seen.byTcp) return [replyTo(seen, txt('whole'))];
      const bytes = encode(replyTo(seen, { ...txt('whole'), flags: FLAGS.truncated }));
      return [bytes.subarray(0, bytes.length - 3)];
    });
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({ records: ['whole'] });
  });

  test('a server from before EDNS is asked without', async () => {
    const server = await servers.serve((seen) => [
      (seen.packet.additionals ?? []).length > 0 ? replyTo(seen, { rcode: 1 }) : replyTo(seen, txt('old')),
    ]);
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({ records: ['old'] });
  });

  test('a name that cannot exist is never asked', async () => {
    const server = await servers.serve((seen) => [replyTo(seen, txt('x'))]);
    expect(await clientOf([server]).lookup(`${'x'.repeat(64)}.example`, 'TXT')).toMatchObject({
      kind: 'nodata',
    });
    expect(server.seen).toEqual([]);
  });
});

describe('several servers', () => {
  test('the next one is asked where one is silent, refuses, or fails', async () => {
    const silent = await servers.silent();
    const refusing = await servers.serve((seen) => [replyTo(seen, { rcode: 5 })]);
    const failing = await servers.serve((seen) => [replyTo(seen, { rcode: 2 })]);
    const good = await servers.serve((seen) => [replyTo(seen, txt('x'))]);
    const client = clientOf([silent, refusing, failing, good]);
    expect(await client.lookup('a.example', 'TXT')).toMatchObject({ kind: 'answer', records: ['x'] });
  });

  test('one lost datagram is no failure', async () => {
    let calls = 0;
    const server = await servers.serve((seen) => (++calls === 1 ? [] : [replyTo(seen, txt('x'))]));
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({ records: ['x'] });
  });

  test('a server that fell silent is left alone for a while, then asked once more', async () => {
    const silent = await servers.silent();
    const clock = { time: Date.UTC(2026, 10, 2), now: () => clock.time };
    const client = clientOf([silent], { clock, timeoutMs: 20, concurrency: 10 });
    await client.lookup('first.example', 'TXT');
    clock.time += 20_000;
    await Promise.all(Array.from({ length: 20 }, (_, index) => client.lookup(`n${index}.example`, 'TXT')));
    const start = performance.now();
    const later = await Promise.all(
      Array.from({ length: 500 }, (_, n) => client.lookup(`m${n}.example`, 'TXT')),
    );
    expect(performance.now() - start).toBeLessThan(500);
    expect(later.every(({ kind }) => kind === 'temporary')).toBe(true);
    clock.time += 31_000;
    expect(await client.lookup('again.example', 'TXT')).toMatchObject({
      reason: expect.stringContaining('did not answer'),
    });
  });

  test('a server that is silent about dead names only goes on being asked', async () => {
    const server = await servers.serve((seen) => (/^dead/.test(seen.name) ? [] : [replyTo(seen, SOA)]));
    const clock = { time: Date.UTC(2026, 10, 2), now: () => clock.time };
    const client = clientOf([server], { clock, timeoutMs: 100, concurrency: 30 });
    for (const round of [1, 2]) {
      const names = Array.from({ length: 30 }, (_, index) => `dead${round}-${index}.example`);
      await Promise.all(names.map((name) => client.lookup(name, 'TXT')));
      clock.time += 20_000;
    }
    expect(await client.lookup('alive.example', 'TXT')).toMatchObject({ kind: 'nodata' });
    expect(server.seen.some(({ name }) => name === 'org')).toBe(true);
  });
});

describe('bounds', () => {
  test('no more questions at once than allowed', async () => {
    let open = 0;
    let most = 0;
    const server = await servers.serve(async (seen) => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 10));
      open--;
      return [replyTo(seen, SOA)];
    });
    const client = clientOf([server], { concurrency: 5, timeoutMs: 2000 });
    await Promise.all(Array.from({ length: 60 }, (_, index) => client.lookup(`n${index}.example`, 'TXT')));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(5);
  });

  test('no more questions a second than allowed', async () => {
    const server = await servers.serve((seen) => [replyTo(seen, SOA)]);
    const client = clientOf([server], { rate: 100 });
    const start = performance.now();
    await Promise.all(Array.from({ length: 31 }, (_, index) => client.lookup(`n${index}.example`, 'TXT')));
    expect(performance.now() - start).toBeGreaterThanOrEqual(290);
  });
});

describe('the cache', () => {
  test('keeps an answer for its TTL, whatever the case of the name', async () => {
    const clock = { time: Date.UTC(2026, 10, 2), now: () => clock.time };
    const server = await servers.serve((seen) => [replyTo(seen, txt('x'))]);
    const client = clientOf([server], { clock });
    await client.lookup('a.example', 'TXT');
    await client.lookup('A.EXAMPLE', 'TXT');
    clock.time += 59_000;
    await client.lookup('a.example', 'TXT');
    expect(server.seen).toHaveLength(1);
    clock.time += 2000;
    await client.lookup('a.example', 'TXT');
    expect(server.seen).toHaveLength(2);
  });

  test('asks once where several want to know at the same time', async () => {
    const server = await servers.serve((seen) => [replyTo(seen, txt('x'))]);
    const client = clientOf([server]);
    await Promise.all(Array.from({ length: 10 }, () => client.lookup('a.example', 'TXT')));
    expect(server.seen).toHaveLength(1);
  });

  test('keeps absence for the negative TTL, and a fault for seconds only', async () => {
    const clock = { time: Date.UTC(2026, 10, 2), now: () => clock.time };
    let broken = true;
    const server = await servers.serve((seen) => [replyTo(seen, broken ? { rcode: 2 } : SOA)]);
    const client = clientOf([server], { clock });
    expect(await client.lookup('a.example', 'TXT')).toMatchObject({ kind: 'temporary' });
    broken = false;
    clock.time += 16_000;
    expect(await client.lookup('a.example', 'TXT')).toMatchObject({ kind: 'nodata' });
    const asked = server.seen.length;
    clock.time += 119_000;
    await client.lookup('a.example', 'TXT');
    expect(server.seen).toHaveLength(asked);
  });
});
