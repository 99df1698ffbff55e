import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** A page in a real Chromium, steered by the DevTools protocol over a pipe. */
export interface Page {
  /** Runs JavaScript in the page and gives its JSON value. */
  evaluate<T>(expression: string): Promise<T>;
  call(method: string, parameters?: object): Promise<Record<string, unknown>>;
  /** Sets the size of the screen in CSS pixels, and the colour scheme the user likes. */
  show(width: number, height: number, scheme: 'light' | 'dark'): Promise<void>;
  screenshot(): Promise<Buffer>;
  /** Script errors, policy violations and failed loads so far. */
  readonly complaints: readonly string[];
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** Opens a file in Chromium (Debian's package), does the work, and ends the browser. */
export async function withPage<T>(url: string, work: (page: Page) => Promise<T>): Promise<T> {
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
  const child = spawn(
    'chromium',
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--hide-scrollbars',
      '--remote-debugging-pipe',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  try {
    return await work(await openPage(child, url));
  } finally {
    child.kill('SIGKILL');
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function openPage(child: ChildProcess, url: string): Promise<Page> {
  const connection = new Connection(child);
  const { targetId } = await connection.call('Target.createTarget', { url: 'about:blank' });
  const attached = await connection.call('Target.attachToTarget', { targetId, flatten: true });
  const session = String(attached['sessionId']);
  const call = (method: string, parameters: object = {}) => connection.call(method, parameters, session);
  const complaints: string[] = [];
  connection.listen((message) => complaints.push(...complaintsOf(message)));
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await call(`${domain}.enable`);
  const loaded = connection.once('Page.loadEventFired');
  await call('Page.navigate', { url });
  await loaded;
  const page: Page = {
    call,
    complaints,
    async evaluate<T>(expression: string): Promise<T> {
      const { result, exceptionDetails } = await call('Runtime.evaluate', {
        expression,
        returnByValue: true,
        awaitPromise: true,
      });
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return (result as { value: T }).value;
    },
    async show(width, height, scheme) {
      await call('Emulation.setDeviceMetricsOverride', {
        width,
        height,
        deviceScaleFactor: 1,
        mobile: width < 700,
      });
      const features = [{ name: 'prefers-color-scheme', value: scheme }];
      await call('Emulation.setEmulatedMedia', { features });
    },
    async screenshot() {
      const { data } = await call('Page.captureScreenshot', { format: 'png' });
      return Buffer.from(String(data), 'base64');
    },
  };
  return page;
}

function complaintsOf({ method, params = {} }: Message): string[] {
  if (method === 'Runtime.exceptionThrown') return [JSON.stringify(params['exceptionDetails'])];
  if (method === 'Log.entryAdded') return [JSON.stringify(params['entry'])];
  if (method === 'Runtime.consoleAPICalled') return [JSON.stringify(params['args'])];
  if (method === 'Network.requestWillBeSent') {
    const { url } = params['request'] as { url: string };
    return url.startsWith('file:') || url.startsWith('about:') ? [] : [`network: ${url}`];
  }
  return [];
}

/** Messages are JSON, each ended by a NUL byte: Chromium reads its fourth descriptor and writes to its fifth. */
class Connection {
  readonly #input: Writable;
  readonly #waiting = new Map<
    number,
    { resolve(value: Record<string, unknown>): void; reject(error: Error): void }
  >();
  readonly #listeners = new Set<(message: Message) => void>();
  #next = 1;

  constructor(child: ChildProcess) {
    this.#input = child.stdio[3] as Writable;
    let rest = Buffer.alloc(0);
    (child.stdio[4] as Readable).on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        this.#take(JSON.parse(rest.subarray(0, end).toString('utf8')) as Message);
        rest = rest.subarray(end + 1);
      }
    });
    const gone = (error: Error) => {
      for (const { reject } of this.#waiting.values()) reject(error);
    };
    child.on('error', gone);
    child.on('close', () => gone(new Error('Chromium ended')));
  }

  call(method: string, params: object, sessionId?: string): Promise<Record<string, unknown>> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  listen(listener: (message: Message) => void): void {
    this.#listeners.add(listener);
  }

  once(method: string): Promise<void> {
    return new Promise((resolve) => {
      const listener = (message: Message) => {
        if (message.method !== method) return;
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
  }

  #take(message: Message): void {
    for (const listener of this.#listeners) listener(message);
    const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id);
    if (waiting === undefined || message.id === undefined) return;
    this.#waiting.delete(message.id);
    if (message.error !== undefined) waiting.reject(new Error(message.error.message));
    else waiting.resolve(message.result ?? {});
  }
}
