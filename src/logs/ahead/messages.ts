import type { Fault } from './fault.ts';
import type { Siftings } from './sifter.ts';

/** What the reading thread tells one that unpacks archives ahead of it. */
export type Order =
  | {
      readonly kind: 'read';
      readonly job: number;
      readonly path: string;
      readonly needles: readonly string[];
    }
  /** No more of this archive is wanted. */
  | { readonly kind: 'drop'; readonly job: number }
  /** The room of a sifted piece may be used again. */
  | { readonly kind: 'room'; readonly room: ArrayBuffer };

/** What the thread that unpacks answers: an opening, pieces in their order, an end. */
export type Answer =
  /**
   * `print` tells the file as it was before its first byte was read, `head` is its beginning to the end of a line.
   * Both are absent where the reader does better to read itself: what is small, strange, or no log.
   */
  | { readonly kind: 'opened'; readonly job: number; readonly print?: string; readonly head?: Uint8Array }
  | {
      readonly kind: 'sifted';
      readonly job: number;
      readonly room: ArrayBuffer;
      readonly siftings: Siftings;
    }
  | {
      readonly kind: 'end';
      readonly job: number;
      readonly fault?: Fault;
      /** Something else stands behind the archive. */
      readonly garbage?: true;
    };
