import { appendFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { Receiver, Truth } from './plan.ts';

/** The key and certificate a receiver shows, PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

/** An SMTP server with one fault to order; each connection becomes one line of `truthFile` when it is over. */
export function startReceiver(receiver: Receiver, identity: Identity, truthFile: string): Promise<Server> {
  const context = createSecureContext({
    key: identity.key,
    cert: identity.cert,
    ...(receiver.maxVersion !== undefined && { maxVersion: receiver.maxVersion }),
  });
  const server = createServer((socket) => {
    new Conversation(receiver, context, socket, (truth) =>
      appendFileSync(truthFile, `${JSON.stringify(truth)}\n`),
    ).begin();
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(25, receiver.address, () => resolve(server));
  });
}

class Conversation {
  readonly #receiver: Receiver;
  readonly #context: SecureContext;
  readonly #plain: Socket;
  readonly #done: (truth: Truth) => void;
  #socket: Socket | TLSSocket;
  #buffer = '';
  #data = false;
  #asked = false;
  #tls: string | undefined;
  #resumed = false;
  #spokeInside = false;
  #recipients: string[] = [];
  #delivered = false;
  #end = 'closed by client';
  #reported = false;

  constructor(receiver: Receiver, context: SecureContext, socket: Socket, done: (truth: Truth) => void) {
    this.#receiver = receiver;
    this.#context = context;
    this.#plain = socket;
    this.#socket = socket;
    this.#done = done;
  }

  begin(): void {
    this.#plain.on('error', () => this.#report());
    this.#plain.on('close', () => this.#report());
    this.#listen();
    this.#say(`220 ${this.#receiver.name} ESMTP`);
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk.toString('latin1')));
  }

  #say(line: string): void {
    if (this.#socket.writable) this.#socket.write(`${line}\r\n`);
  }

  #read(text: string): void {
    this.#buffer += text;
    for (;;) {
      const end = this.#buffer.indexOf('\r\n');
      if (end === -1) return;
      const line = this.#buffer.slice(0, end);
      this.#buffer = this.#buffer.slice(end + 2);
      if (this.#data) this.#dataLine(line);
      else this.#command(line);
    }
  }

  #dataLine(line: string): void {
    if (line !== '.') return;
    this.#data = false;
    this.#delivered = true;
    this.#say('250 2.0.0 Ok: queued');
  }

  #command(line: string): void {
    const { fault } = this.#receiver;
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'EHLO' || verb === 'HELO') this.#hello(verb);
    else if (verb === 'STAR') this.#startTls();
    else if (verb === 'MAIL') this.#say(fault === 'mail-451' ? '451 4.3.0 try again later' : '250 2.1.0 Ok');
    else if (verb === 'RCPT') this.#recipient(line);
    else if (verb === 'DATA') this.#beginData();
    else if (verb === 'QUIT') this.#quit();
    else this.#say('250 2.0.0 Ok');
  }

  #hello(verb: string): void {
    if (this.#tls !== undefined) {
      if (this.#receiver.fault === 'close-at-ehlo2') {
        this.#drop('closed at EHLO2');
        return;
      }
      this.#spokeInside = true;
    }
    const offer = this.#offers() && this.#tls === undefined && verb === 'EHLO';
    this.#say(
      offer ? `250-${this.#receiver.name}\r\n250-8BITMIME\r\n250 STARTTLS` : `250 ${this.#receiver.name}`,
    );
  }

  #offers(): boolean {
    return this.#receiver.fault !== 'no-starttls';
  }

  #startTls(): void {
    this.#asked = true;
    switch (this.#receiver.fault) {
      case 'starttls-454':
        this.#say('454 4.7.0 TLS not available due to temporary reason');
        break;
      case 'starttls-554':
        this.#say('554 5.7.3 Unable to initialize security subsystem');
        break;
      case 'starttls-close':
        this.#drop('closed at STARTTLS');
        break;
      default:
        this.#acceptTls();
    }
  }

  #acceptTls(): void {
    this.#plain.removeAllListeners('data');
    this.#say('220 2.0.0 Ready to start TLS');
    if (this.#receiver.fault === 'reset-after-hello') {
      this.#plain.once('data', () => {
        this.#end = 'reset after ClientHello';
        this.#plain.resetAndDestroy();
      });
    } else if (this.#receiver.fault === 'garbage') {
      this.#plain.once('data', () => {
        this.#end = 'garbage sent';
        this.#plain.end('500 this is no ServerHello\r\n');
      });
    } else this.#handshake();
  }

  #handshake(): void {
    const secure = new TLSSocket(this.#plain, { isServer: true, secureContext: this.#context });
    this.#tls = 'failed';
    secure.on('error', (error: Error) => {
      this.#end = `TLS: ${error.message.slice(0, 80)}`;
      this.#plain.destroy();
    });
    secure.on('secure', () => {
      this.#tls = secure.getProtocol() ?? 'unknown';
      this.#resumed = secure.isSessionReused();
    });
    secure.on('end', () => this.#plain.destroy());
    this.#socket = secure;
    this.#listen();
  }

  #recipient(line: string): void {
    const { fault } = this.#receiver;
    this.#recipients.push(/<(.*)>/.exec(line)?.[1] ?? '');
    if (fault === 'rcpt-450') this.#say('450 4.2.1 mailbox busy, try later');
    else if (fault === 'rcpt-550') this.#say('550 5.1.1 no such user here');
    else this.#say('250 2.1.5 Ok');
  }

  #beginData(): void {
    const { fault } = this.#receiver;
    if (fault.startsWith('rcpt-') || fault === 'mail-451') {
      this.#say('503 5.5.1 no valid recipients');
      return;
    }
    this.#data = true;
    this.#say('354 End data with <CR><LF>.<CR><LF>');
  }

  #quit(): void {
    this.#end = 'quit';
    if (this.#receiver.fault === 'no-close-notify') {
      this.#plain.destroy();
      return;
    }
    this.#say('221 2.0.0 Bye');
    this.#socket.end();
  }

  #drop(end: string): void {
    this.#end = end;
    this.#plain.destroy();
  }

  #report(): void {
    if (this.#reported) return;
    this.#reported = true;
    this.#done({
      host: this.#receiver.name,
      address: this.#receiver.address,
      offered: this.#offers(),
      asked: this.#asked,
      ...(this.#tls !== undefined && { tls: this.#tls, resumed: this.#resumed }),
      spokeInside: this.#spokeInside,
      recipients: this.#recipients,
      delivered: this.#delivered,
      end: this.#end,
    });
  }
}
