import { createSocket } from 'node:dgram';
import type { Packet } from 'dns-packet';
import { fixedClock } from '../../src/clock.ts';
import type { Resolver } from '../../src/policy/dns.ts';
import { createResolver, type DnsClientOptions } from '../../src/policy/dns-client.ts';
import { type Script, type ScriptedDns, scriptedDns } from './scripted-dns.ts';

export const CLOCK = fixedClock(Date.UTC(2026, 10, 2));

/** A reply's answer: one TXT record of `a.example`. */
export const txt = (text: string): Packet => ({
  answers: [{ type: 'TXT', name: 'a.example', ttl: 60, data: text }],
});

/** A reply's authority: absence for two minutes. */
export const SOA: Packet = {
  authorities: [
    {
      type: 'SOA',
      name: 'example',
      ttl: 300,
      data: { mname: 'ns.example', rname: 'h.example', minimum: 120 },
    },
  ],
};

/** Servers of one test, closed together. */
export class Servers {
  readonly #opened: { close(): unknown }[] = [];

  async serve(script: Script): Promise<ScriptedDns> {
    const server = await scriptedDns(script);
    this.#opened.push(server);
    return server;
  }

  /** A port where something listens and never says a word. */
  async silent(): Promise<{ address: string; port: number }> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    this.#opened.push({ close: () => new Promise<void>((resolve) => socket.close(resolve)) });
    return { address: '127.0.0.1', port: socket.address().port };
  }

  closeLater(close: () => unknown): void {
    this.#opened.push({ close });
  }

  async close(): Promise<void> {
    for (const one of this.#opened.splice(0)) await one.close();
  }
}

/** A client of trusted servers that is soon out of patience. */
export function clientOf(
  servers: readonly { address: string; port: number }[],
  options: Partial<DnsClientOptions> = {},
): Resolver {
  const trusted = servers.map(({ address, port }) => ({ address, port, trusted: true }));
  return createResolver({ servers: trusted, clock: CLOCK, timeoutMs: 250, ...options });
}
