import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parser } from '../../../parsers/postfix/index.ts';
import { SessionReader } from '../../../src/logs/session-reader.ts';
import { zoneOf } from '../../../src/logs/zone.ts';
import type { Session } from '../../../src/parser.ts';
import { CIPHER, delivery, established, sessionsOf, smtp } from './log-lines.ts';

/** How one connection of a request went, as its lines show it. */
const endings = [
  'success',
  'broken',
  'expired',
  'untrusted',
  'not-offered',
  'refused-connection',
  'native-success',
  'native-failure',
] as const;
type Ending = (typeof endings)[number];

/** One message's way: the servers tried, the last of which decides. */
interface Script {
  readonly domain: number;
  readonly tried: readonly Ending[];
  readonly recipients: number;
}

const scriptArbitrary: fc.Arbitrary<Script> = fc.record({
  domain: fc.nat(5),
  tried: fc.array(fc.constantFrom(...endings), { minLength: 1, maxLength: 4 }),
  recipients: fc.integer({ min: 1, max: 3 }),
});

/** The messages one process serves, one after another. */
const processArbitrary = fc.record({
  host: fc.constantFrom('mail', 'mail2'),
  tag: fc.constantFrom('postfix/smtp', 'postfix/relay/smtp', 'postfix-out/smtp'),
  scripts: fc.array(scriptArbitrary, { minLength: 1, maxLength: 4 }),
});
type Process = typeof processArbitrary extends fc.Arbitrary<infer T> ? T : never;

/** The lines of a process, and how many sessions they tell. */
function linesOf({ host, tag, scripts }: Process, pid: number): { lines: string[]; sessions: number } {
  const lines: string[] = [];
  let sessions = 0;
  scripts.forEach((script, index) => {
    const id = `${(0xa00000 + pid * 64 + index).toString(16).toUpperCase()}`;
    const messages = scriptLines(script, id);
    lines.push(...messages.map((message) => smtp(message, { pid, tag, host })));
    sessions += script.tried.filter((ending) => ending !== 'refused-connection').length;
  });
  return { lines, sessions };
}

function scriptLines({ domain, tried, recipients }: Script, id: string): string[] {
  const name = `d${domain}.example`;
  const lines: string[] = [];
  tried.forEach((ending, index) => {
    const host = `mx${index}.${name}[192.0.2.${domain * 10 + index + 1}]`;
    lines.push(...before(ending, `${host}:25`, name));
    const isLast = index === tried.length - 1;
    const reason = reasonOf(ending, host);
    if (!isLast && reason !== undefined && ending !== 'refused-connection') lines.push(`${id}: ${reason}`);
    if (!isLast) return;
    const relay = ending === 'refused-connection' ? 'none' : `${host}:25`;
    for (let count = 0; count < recipients; count++) {
      lines.push(delivery({ id, to: `u${count}@${name}`, relay, ...(reason !== undefined && { reason }) }));
    }
  });
  return lines;
}

function before(ending: Ending, server: string, domain: string): string[] {
  const mx = server.replace(/:25$/, '');
  switch (ending) {
    case 'success':
      return [established(server)];
    case 'broken':
      return [`SSL_connect error to ${server}: lost connection`];
    case 'expired':
      return [
        `server certificate verification failed for ${server}: certificate has expired`,
        established(server),
      ];
    case 'untrusted':
      return [established(server)];
    case 'not-offered':
      return [];
    case 'refused-connection':
      return [`connect to ${server}: Connection refused`];
    case 'native-success':
      return [established(server), `TLSRPT: status=success, domain=${domain}, receiving_mx=${mx}`];
    case 'native-failure':
      return [
        `SSL_connect error to ${server}: lost connection`,
        `TLSRPT: status=failure, domain=${domain}, receiving_mx=${mx}, failure_type=validation_failure, failure_reason=tls-handshake-failure`,
      ];
  }
}

function reasonOf(ending: Ending, host: string): string | undefined {
  switch (ending) {
    case 'success':
    case 'native-success':
      return `host ${host} said: 450 4.2.0 later (in reply to RCPT TO command)`;
    case 'broken':
    case 'native-failure':
      return 'Cannot start TLS: handshake failure';
    case 'expired':
    case 'untrusted':
      return 'Server certificate not verified';
    case 'not-offered':
      return `TLS is required, but was not offered by host ${host}`;
    case 'refused-connection':
      return `connect to ${host}:25: Connection refused`;
  }
}

/** Riffles the queues: each keeps its order, turns decide which goes on. */
function interleave(queues: readonly (readonly string[])[], turns: readonly number[]): string[] {
  const rest = queues.map((queue) => [...queue]);
  const result: string[] = [];
  for (let turn = 0; rest.some((queue) => queue.length > 0); turn++) {
    const waiting = rest.filter((queue) => queue.length > 0);
    const line = waiting[(turns[turn % turns.length] ?? 0) % waiting.length]?.shift();
    if (line !== undefined) result.push(line);
  }
  return result;
}

const multiset = (sessions: readonly Session[]) => sessions.map((session) => JSON.stringify(session)).sort();

describe('whatever runs side by side', () => {
  it('the sessions are those of each process alone, one for each connection tried', () => {
    fc.assert(
      fc.property(
        fc.array(processArbitrary, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 60 }),
        (processes, turns) => {
          const made = processes.map((process, index) => linesOf(process, 4000 + index));
          const alone = made.flatMap(({ lines }) => sessionsOf(lines));
          const together = sessionsOf(
            interleave(
              made.map(({ lines }) => lines),
              turns,
            ),
          );
          expect(multiset(together)).toEqual(multiset(alone));
          expect(alone).toHaveLength(made.reduce((sum, { sessions }) => sum + sessions, 0));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('hosts and tags with the same pids are different processes', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(processArbitrary, {
          selector: ({ host, tag }) => `${host} ${tag}`,
          minLength: 2,
          maxLength: 6,
        }),
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 60 }),
        (processes, turns) => {
          const made = processes.map((process) => linesOf(process, 4211).lines);
          const alone = made.flatMap((lines) => sessionsOf(lines));
          expect(multiset(sessionsOf(interleave(made, turns)))).toEqual(multiset(alone));
        },
      ),
      { numRuns: 100 },
    );
  });
});

it('a process that never ends a request keeps a bounded memory', () => {
  const made = parser.create({ ownSender: 'a@example.org' });
  const context = { zone: zoneOf('UTC'), host: 'mail', latest: () => Date.UTC(2026, 10, 23) };
  const reader = new SessionReader({ parser: made, ...context, onSession: () => undefined });
  for (let n = 0; n < 5000; n++) {
    const server = `mx${n}.example.org[192.0.2.25]:25`;
    const mx = server.replace(/:25$/, '');
    reader.line(smtp(`certificate verification failed for ${server}: self-signed certificate`));
    reader.line(smtp(`Trusted TLS connection established to ${server}: ${CIPHER}`));
    reader.line(smtp('9F3A51C0B7: Server certificate not verified'));
    reader.line(smtp(`TLSRPT: status=success, domain=d${n}.example, receiving_mx=${mx}`));
    reader.line(
      smtp(`warning: TLS policy lookup for d${n}.example/mx${n}.example.org: no TLSA records found`),
    );
    reader.line(
      smtp(`TLSRPT: status=success, domain=d${n}.example, receiving_mx=${mx}`, {
        pid: 9,
        tag: 'postfix/tlsproxy',
      }),
    );
  }
  expect(reader.faults).toBe(0);
  expect(reader.table.size).toBeLessThan(10);
  for (const key of reader.table.keys()) {
    expect(JSON.stringify(reader.table.get(key)).length, key).toBeLessThan(50_000);
  }
});
