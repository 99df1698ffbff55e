import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { CERTIFICATES } from './certificates.ts';

export interface ReceivedPost {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A real HTTPS server on loopback. The path says how it answers: `/503`, `/429?retry-after=60`, `/hang` …; else it takes it. */
export interface HttpsReceiver {
  readonly port: number;
  readonly received: ReceivedPost[];
  /** Connections open now and at most. */
  readonly connections: { now: number; most: number };
  close(): Promise<void>;
}

export async function startHttpsReceiver(): Promise<HttpsReceiver> {
  const received: ReceivedPost[] = [];
  const sockets = new Set<Socket>();
  const connections = { now: 0, most: 0 };
  const server = createServer(
    {
      key: readFileSync(join(CERTIFICATES, 'receiver.key')),
      cert: readFileSync(join(CERTIFICATES, 'receiver.pem')),
    },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { url = '', headers } = request;
        received.push({ path: url, headers, body: Buffer.concat(chunks) });
        answer(request, response);
      });
    },
  );
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    connections.most = Math.max(connections.most, ++connections.now);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      connections.now--;
      sockets.delete(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    received,
    connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '', 'https://receiver.example');
  const how = url.pathname.slice(1);
  if (how === 'hang') return;
  if (how === 'reset') {
    request.socket.destroy();
    return;
  }
  if (how === 'drip-head') {
    request.socket.write('HTTP/1.1 200 OK\r\nX-Slow: ');
    drip(response);
    return;
  }
  if (how === 'drip-body') {
    response.writeHead(200);
    response.write('.');
    drip(response);
    return;
  }
  if (how === 'flood') {
    response.writeHead(200);
    response.on('error', () => undefined);
    response.end(Buffer.alloc(5_000_000));
    return;
  }
  const wait = url.searchParams.get('retry-after');
  response.writeHead(/^\d{3}$/.test(how) ? Number(how) : 201, {
    ...(wait !== null && { 'Retry-After': wait }),
    ...(how.startsWith('3') && { Location: '/200' }),
  });
  response.end('noted');
}

function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.socket?.write('x'), 50);
  response.on('close', () => clearInterval(timer));
}
