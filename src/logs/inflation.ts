import { createGunzip, type Gunzip } from 'node:zlib';

/** zlib's own default of 16 KiB costs three times the time. */
const PIECE = 1_048_576;
/** One that is worked on, one that waits, one that is filled: more would only cost memory. */
const BUFFERS = 3;

type Room = Buffer<ArrayBuffer>;
const NONE: Room = Buffer.alloc(0);

/**
 * Inflates ahead of the one who takes the pieces, in zlib's own thread. All pieces before an error are given, which a
 * pipe would drop. What zlib gives is copied into a few buffers that are used again: it makes a new one for every
 * piece, and these would pile up until a collection finds them, a mail log's half a gigabyte of them.
 */
export class Inflation {
  readonly #stream: Gunzip;
  readonly #free = Array.from({ length: BUFFERS }, () => Buffer.allocUnsafe(PIECE));
  readonly #ready: { readonly room: Room; readonly bytes: number }[] = [];
  #taken: Room | undefined;
  #fault: { readonly error: unknown } | undefined;
  #over = false;
  #wake: (() => void) | undefined;

  constructor() {
    this.#stream = createGunzip({ chunkSize: PIECE });
    this.#stream.on('data', (chunk: Buffer) => this.#keep(chunk));
    this.#stream.once('end', () => this.#stop());
    this.#stream.once('error', (error) => this.#stop({ error }));
  }

  /**
   * Inflates these pieces. Resolves when all is inflated, or no more is wanted; an error is told by {@link next}. One
   * piece waits in the stream while another is inflated: zlib's thread is then given it at once, and not only when
   * whoever takes what is inflated has done with it.
   */
  async feed(pieces: AsyncIterable<Buffer>): Promise<void> {
    const rooms: Room[] = [NONE, NONE];
    let before = Promise.resolve(true);
    try {
      for await (const piece of pieces) {
        // The one before the last is inflated by now.
        const room = fitting(rooms.shift() ?? NONE, piece.length);
        rooms.push(room);
        piece.copy(room);
        const written = this.#write(room.subarray(0, piece.length));
        if (!(await before)) return;
        before = written;
      }
      if (await before) this.#stream.end();
    } catch (error) {
      // What came before it is inflated first.
      await before;
      this.#stop({ error });
    }
  }

  /** The next piece, valid until another is asked for; undefined at the end. @throws what zlib or the input threw */
  async next(): Promise<Buffer | undefined> {
    this.#giveBack();
    while (this.#ready.length === 0) {
      if (this.#fault !== undefined) throw this.#fault.error;
      if (this.#over) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const { room, bytes = 0 } = this.#ready.shift() ?? {};
    this.#taken = room;
    return room?.subarray(0, bytes);
  }

  /** No more is wanted. */
  close(): void {
    this.#stream.destroy();
  }

  #keep(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; at += PIECE) {
      const room = this.#free.pop() ?? Buffer.allocUnsafe(PIECE);
      this.#ready.push({ room, bytes: chunk.copy(room, 0, at) });
    }
    if (this.#free.length === 0) this.#stream.pause();
    this.#wake?.();
  }

  #giveBack(): void {
    if (this.#taken === undefined) return;
    if (this.#free.length < BUFFERS) this.#free.push(this.#taken);
    this.#taken = undefined;
    if (this.#stream.isPaused()) this.#stream.resume();
  }

  /** Resolves when zlib is done with the piece; false when it takes no more. */
  #write(piece: Buffer): Promise<boolean> {
    const { promise, resolve } = withResolver<boolean>();
    const gone = () => resolve(false);
    this.#stream.once('close', gone);
    this.#stream.write(piece, (error) => {
      this.#stream.off('close', gone);
      resolve(error === undefined || error === null);
    });
    return promise;
  }

  #stop(fault?: { readonly error: unknown }): void {
    this.#fault ??= fault;
    this.#over = true;
    this.#wake?.();
  }
}

function fitting(room: Room, bytes: number): Room {
  return room.length < bytes ? Buffer.allocUnsafe(bytes) : room;
}

function withResolver<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
