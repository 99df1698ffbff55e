/** What is used of tail-file 1.4.16, which ships no types. */
declare module 'tail-file' {
  import type { EventEmitter } from 'node:events';

  namespace Tail {
    interface Options {
      /** Where reading begins; a number counts characters. */
      readonly startPos?: 'start' | 'end' | number;
      /** Goes on though there is no such file yet. */
      readonly force?: boolean;
    }
  }

  /**
   * Events: `line` (text), `eof` (byte position), `restart` (PRIMEFOUND, NEWPRIME, TRUNCATE, CATCHUP), `ready` (file
   * descriptor), `skip`, `secondary`, `error`.
   */
  class Tail extends EventEmitter {
    constructor(filename: string, options?: Tail.Options);
    start(): void;
    stop(): Promise<unknown>;
    /** Begins to watch the directory; throws what fs.watch throws. Not documented. */
    startTail(filename: string): void;
    /** Called for every change in the directory. Not documented. */
    checkDir(type: string, name: string | null): void;
  }

  export = Tail;
}
