import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { KeyPair } from './test-ca.ts';

/** What a policy host does with a request. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export interface PolicyHost {
  readonly port: number;
  /** Requests seen, by host name. */
  readonly requests: Map<string, number>;
  close(): Promise<void>;
}

/** One HTTPS server on loopback for many names, each with its certificate and its behaviour. */
export async function startPolicyHost(
  names: Readonly<Record<string, { readonly pair: KeyPair; readonly does: Behaviour }>>,
): Promise<PolicyHost> {
  const requests = new Map<string, number>();
  const contexts = new Map<string, SecureContext>();
  for (const [name, { pair }] of Object.entries(names)) contexts.set(name, createSecureContext(pair));
  const server: Server = createServer(
    {
      SNICallback: (name, done) => {
        const context = contexts.get(name);
        if (context === undefined) done(new Error(`no such name: ${name}`));
        else done(null, context);
      },
    },
    (request, response) => {
      const name = (request.headers.host ?? '').replace(/:\d+$/, '');
      requests.set(name, (requests.get(name) ?? 0) + 1);
      if (request.url !== '/.well-known/mta-sts.txt') response.writeHead(404).end();
      else names[name]?.does(request, response);
    },
  );
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Serves a text with status 200. */
export function serves(text: string, type = 'text/plain'): Behaviour {
  return (_request, response) => {
    response.writeHead(200, { 'Content-Type': type }).end(text);
  };
}
