import type { ByteEntry } from '../parser.ts';

const NOTHING = Buffer.alloc(0);

/** A line among the bytes of a piece of the log, whose envelope was read or is about to be. */
export abstract class LineBytes implements ByteEntry {
  time = 0;
  host = '';
  program = '';
  pid = 0;
  bytes: Buffer = NOTHING;
  view: DataView = viewOf(NOTHING);
  start = 0;
  end = 0;

  text(from: number, until: number): string {
    const text = this.bytes.toString('utf8', from, until);
    return text.includes('\0') ? text.replaceAll('\0', '?') : text;
  }

  ascii(from: number, until: number): string {
    return this.bytes.toString('latin1', from, until);
  }

  holds(known: Uint8Array, from: number): boolean {
    const { length } = known;
    return (
      from + length <= this.bytes.length && this.bytes.compare(known, 0, length, from, from + length) === 0
    );
  }

  /** The line is one of this piece. */
  protected of(chunk: Buffer): void {
    if (chunk === this.bytes) return;
    this.bytes = chunk;
    this.view = viewOf(chunk);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
