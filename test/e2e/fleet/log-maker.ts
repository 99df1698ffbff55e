/** The same numbers for the same seed, 0 to 1. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

const START = Date.parse('2026-11-22T06:00:00Z');
const PIDS = 6;

/**
 * A Postfix log that never ends: several smtp(8) processes at a time, so that there is hardly a line at which no
 * session is open; some of them fail, some are told by their delivery only.
 */
export class LogMaker {
  readonly #host: string;
  readonly #random: () => number;
  readonly #pending: (string | undefined)[] = new Array(PIDS).fill(undefined);
  #time = START;
  #serial = 0;

  constructor(host: string, seed: number) {
    this.#host = host;
    this.#random = randomNumbers(seed);
  }

  /** The next lines, each ended by a newline. */
  lines(count: number): string {
    let text = '';
    for (let line = 0; line < count; line++) text += this.#line();
    return text;
  }

  #line(): string {
    const slot = Math.floor(this.#random() * PIDS);
    this.#time += Math.floor(this.#random() * 400);
    const open = this.#pending[slot];
    const message = open ?? this.#begin(slot);
    if (open !== undefined) this.#pending[slot] = undefined;
    const stamp = new Date(this.#time).toISOString().replace('Z', '000+00:00');
    return `${stamp} ${this.#host} postfix/smtp[${4000 + slot}]: ${message}\n`;
  }

  /** Begins a session and keeps its last line for later. */
  #begin(slot: number): string {
    const domain = Math.floor(this.#random() ** 3 * 400);
    const server = `mx.d${domain}.example[192.0.2.${domain % 250}]:25`;
    const id = `${(0xa0000000 + ++this.#serial).toString(16).toUpperCase()}`;
    const envelope = `${id}: to=<u@d${domain}.example>, relay=${server}, delay=1, delays=0/0/1/0`;
    if (domain % 7 === 0) {
      this.#pending[slot] = `${envelope}, dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)`;
      return `SSL_connect error to ${server}: Connection reset by peer`;
    }
    this.#pending[slot] = `${envelope}, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as X${this.#serial})`;
    const trust = domain % 3 === 0 ? 'Untrusted' : 'Trusted';
    return `${trust} TLS connection established to ${server}: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)`;
  }
}
