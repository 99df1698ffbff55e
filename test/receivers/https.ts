import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

export interface ReceivedPost {
  readonly path: string;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

export interface HttpsReceiver {
  readonly port: number;
  readonly posts: readonly ReceivedPost[];
  close(): Promise<void>;
}

/** The certificate of the receiver, made for localhost and 127.0.0.1; nobody has reason to trust it. */
const pem = (name: string) => readFileSync(new URL(name, import.meta.url));

/** A real HTTPS server on loopback that answers 201 to every report. */
export async function startHttpsReceiver(): Promise<HttpsReceiver> {
  const posts: ReceivedPost[] = [];
  const server = createServer(
    { key: pem('localhost.key.pem'), cert: pem('localhost.crt.pem') },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { url = '', headers } = request;
        posts.push({ path: url, contentType: headers['content-type'], body: Buffer.concat(chunks) });
        response.writeHead(201).end();
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the HTTPS receiver has no port');
  return {
    port: address.port,
    posts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
