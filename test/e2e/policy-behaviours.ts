import type { Fetched } from '../../src/policy/mta-sts-fetch.ts';
import { type Behaviour, serves } from './policy-host.ts';

export const POLICY =
  'version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 86400\r\n';

/** Each policy host of the test: how it behaves, with which certificate, and what must come of it. */
export const BEHAVIOURS: readonly {
  name: string;
  cert?: 'expired' | 'future' | 'self' | 'misnamed';
  does: Behaviour;
  gives: Partial<Fetched>;
}[] = [
  { name: 'good', does: serves(POLICY), gives: { kind: 'body' } },
  { name: 'charset', does: serves(POLICY, 'Text/Plain; charset=utf-8'), gives: { kind: 'body' } },
  { name: 'expired', cert: 'expired', does: serves(POLICY), gives: webPki('certificate-expired') },
  { name: 'future', cert: 'future', does: serves(POLICY), gives: webPki('certificate-not-yet-valid') },
  { name: 'self', cert: 'self', does: serves(POLICY), gives: webPki('certificate-self-signed') },
  { name: 'misnamed', cert: 'misnamed', does: serves(POLICY), gives: webPki('certificate-host-mismatch') },
  {
    name: 'redirect',
    does: (_, response) =>
      void response.writeHead(301, { Location: 'https://mta-sts.good.test/.well-known/mta-sts.txt' }).end(),
    gives: failed('http-status-301'),
  },
  {
    name: 'missing',
    does: (_, response) => void response.writeHead(404).end('gone'),
    gives: failed('http-status-404'),
  },
  {
    name: 'broken',
    does: (_, response) => void response.writeHead(500).end(),
    gives: failed('http-status-500'),
  },
  {
    name: 'created',
    does: (_, response) => void response.writeHead(206, { 'Content-Type': 'text/plain' }).end(POLICY),
    gives: failed('http-status-206'),
  },
  { name: 'html', does: serves(POLICY, 'text/html'), gives: failed('media-type-not-text-plain') },
  {
    name: 'untyped',
    does: (_, response) => void response.writeHead(200).end(POLICY),
    gives: failed('media-type-not-text-plain'),
  },
  { name: 'drip', does: drip, gives: failed('fetch-timed-out') },
  { name: 'mute', does: () => {}, gives: failed('fetch-timed-out') },
  { name: 'huge', does: huge, gives: failed('policy-larger-than-64-kib') },
  {
    name: 'hangup',
    does: (request) => void request.socket.destroy(),
    gives: failed('http-connection-broken'),
  },
  {
    name: 'short',
    does: (request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': '500' });
      response.write(POLICY, () => request.socket.destroy());
    },
    gives: failed('http-connection-broken'),
  },
];

export function failed(reason: string): Partial<Fetched> {
  return { kind: 'error', resultType: 'sts-policy-fetch-error', reason };
}

export function webPki(reason: string): Partial<Fetched> {
  return { kind: 'error', resultType: 'sts-webpki-invalid', reason };
}

/** A byte now and then, for ever: each resets a timer that only watches for silence. */
function drip(_request: unknown, response: Parameters<Behaviour>[1]): void {
  response.writeHead(200, { 'Content-Type': 'text/plain' });
  const timer = setInterval(() => response.write('v'), 50);
  response.on('close', () => clearInterval(timer));
}

/** Ten megabytes, none of them announced. */
function huge(_request: unknown, response: Parameters<Behaviour>[1]): void {
  response.writeHead(200, { 'Content-Type': 'text/plain' });
  response.end(Buffer.alloc(10_485_760, 'mx: a.example\n'));
}
