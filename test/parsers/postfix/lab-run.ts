import { existsSync, readFileSync } from 'node:fs';
import { parser } from '../../../parsers/postfix/index.ts';
import { readSessions } from '../../../src/logs/read-sessions.ts';
import { zoneOf } from '../../../src/logs/zone.ts';
import type { Session, Trace } from '../../../src/parser.ts';

/** One run of the lab: what the sender logged, what the receivers saw, and (3.12) what native TLSRPT sent. */
export interface LabRun {
  readonly name: string;
  readonly lines: readonly string[];
  readonly truth: readonly Truth[];
  /** One word a datagram: `ok.test success`, `a.test certificate-expired`; undefined where native was off. */
  readonly native: readonly string[] | undefined;
  readonly scenario: Scenario;
  readonly differences: readonly Difference[];
}

/** One connection as its receiver saw it. */
export interface Truth {
  /** Address and port of the receiver. */
  readonly local: string;
  readonly handshake: string | null;
  readonly tls: string | null;
  readonly resumed: boolean | null;
}

interface Scenario {
  readonly main_cf: Readonly<Record<string, string>>;
  /** Lines of the transport table. */
  readonly transport: string;
  /** Domains that publish a TLSRPT record. */
  readonly reportDomains: readonly string[];
}

/** One difference between the log and another witness, with its reason. */
export interface Difference {
  readonly witness: 'receivers' | 'handshakes' | 'native' | 'native-kept';
  readonly key: string;
  readonly log: number;
  readonly other: number;
  /** The log holds no line that could tell it. */
  readonly untold?: true;
  readonly why: string;
}

const LAB = new URL('../../lab/', import.meta.url);

/** The registered codes of the datagrams. */
const CODES: Readonly<Record<number, string>> = {
  201: 'starttls-not-supported',
  202: 'certificate-host-mismatch',
  203: 'certificate-not-trusted',
  204: 'certificate-expired',
  205: 'validation-failure',
  301: 'sts-policy-fetch-error',
  304: 'tlsa-invalid',
};

interface Datagram {
  readonly d: string;
  readonly policies: readonly {
    readonly f: 0 | 1;
    readonly 'failure-details'?: readonly { readonly c: number }[];
  }[];
}

export function labRun(name: string): LabRun {
  const read = (file: string) =>
    readFileSync(new URL(`${name}/${file}`, LAB), 'utf8')
      .trim()
      .split('\n');
  const has = (file: string) => existsSync(new URL(`${name}/${file}`, LAB));
  return {
    name,
    lines: read(has('maillog.log') ? 'maillog.log' : 'mail.log'),
    truth: read('truth.jsonl').map((line) => JSON.parse(line) as Truth),
    native: has('datagrams.jsonl') ? read('datagrams.jsonl').flatMap(datagramWords) : undefined,
    scenario: JSON.parse(read('scenario.json').join('\n')) as Scenario,
    differences: JSON.parse(read('differences.json').join('\n')) as Difference[],
  };
}

function datagramWords(line: string): string[] {
  const { datagram } = JSON.parse(line) as { readonly datagram: Datagram };
  return datagram.policies.flatMap((policy) => {
    const domain = datagram.d.toLowerCase();
    if (policy.f === 0) return [`${domain} success`];
    return (policy['failure-details'] ?? []).map(({ c }) => `${domain} ${CODES[c]}`);
  });
}

/** The sessions of a run, with the next hops its transport table names. */
export function labSessions(run: LabRun, lines: readonly string[] = run.lines, trace?: Trace): Session[] {
  const relayhosts = [...run.scenario.transport.matchAll(/(?:smtp|relay):(\[\S+)/g)].map((match) => match[1]);
  const context = { zone: zoneOf('UTC'), now: Date.UTC(2026, 10, 24), ...(trace !== undefined && { trace }) };
  return readSessions(lines, parser, { relayhosts }, context);
}

/** The address of `address:port`. */
export function addressOf(local: string): string {
  return local.slice(0, local.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

/** How often each word comes. */
export function counts(words: readonly string[]): Map<string, number> {
  const count = new Map<string, number>();
  for (const word of words) count.set(word, (count.get(word) ?? 0) + 1);
  return count;
}

/** Where two witnesses differ, and what part of all their words is equal. */
export function compare(
  log: readonly string[],
  other: readonly string[],
): { readonly differing: { key: string; log: number; other: number }[]; readonly keys: number } {
  const [left, right] = [counts(log), counts(other)];
  const keys = [...new Set([...left.keys(), ...right.keys()])].sort();
  const all = keys.map((key) => ({ key, log: left.get(key) ?? 0, other: right.get(key) ?? 0 }));
  return { differing: all.filter((word) => word.log !== word.other), keys: keys.length };
}
