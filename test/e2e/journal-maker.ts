import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSyslogReader } from '../../src/logs/syslog.ts';
import { zoneOf } from '../../src/logs/zone.ts';

const PROGRAM = '/lib/systemd/systemd-journal-remote';
/** UTC µs of entry 0; each further one is a second later. */
export const FIRST_ENTRY = Date.parse('2026-11-20T10:00:00Z') * 1000;
/** UTC µs of the start of the machine, before all entries: its clock tells no negative times. */
const BOOT = Date.parse('2026-11-01T00:00:00Z') * 1000;

export interface EntryFields {
  readonly unit?: string;
  readonly identifier?: string;
  readonly message?: Buffer;
  readonly host?: string;
}

/** A journal with numbered entries, written by systemd-journal-remote (Debian's package of that name). */
export class JournalMaker {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  /** Appends entries `from`..`to` (not included) to a file of the journal. */
  add(from: number, to: number, fields: EntryFields = {}, file = 'remote.journal'): void {
    const entries: Entry[] = [];
    for (let number = from; number < to; number++) {
      const message = Buffer.from(`line ${number}`);
      entries.push({ time: FIRST_ENTRY + number * 1_000_000, pid: 100, message, ...fields });
    }
    this.#write(entries, file);
  }

  /** Appends the lines of a syslog, in UTC, as a daemon that logs into the journal would have them. */
  addLog(lines: readonly string[], latest: number): void {
    const read = createSyslogReader({ zone: zoneOf('UTC'), host: '-', latest: () => latest });
    const entries = lines.flatMap((line, index) => {
      const found = read(line);
      if (found === undefined) return [];
      const { time, host, program, pid, message } = found;
      // A µs a line, so that those of one second keep their order.
      return [{ time: time * 1000 + index, host, identifier: program, pid, message: Buffer.from(message) }];
    });
    this.#write(entries, 'remote.journal');
  }

  #write(entries: readonly Entry[], file: string): void {
    const input = join(this.directory, 'entries.export');
    writeFileSync(input, Buffer.concat(entries.map(exported)));
    execFileSync(PROGRAM, ['--output', join(this.directory, file), input], { stdio: 'pipe' });
  }
}

interface Entry extends EntryFields {
  /** UTC µs. */
  readonly time: number;
  readonly pid: number;
  readonly message: Buffer;
}

/** systemd's journal export format: lines of `FIELD=value`, or the field, its length in 8 bytes, and its bytes. */
function exported({ time, pid, message: bytes, unit, identifier, host }: Entry): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  const text = [
    `__REALTIME_TIMESTAMP=${time}`,
    `__MONOTONIC_TIMESTAMP=${time - BOOT}`,
    '_BOOT_ID=0123456789abcdef0123456789abcdef',
    `_HOSTNAME=${host ?? 'mta1'}`,
    `SYSLOG_IDENTIFIER=${identifier ?? 'postfix/smtp'}`,
    `_PID=${pid}`,
    `_SYSTEMD_UNIT=${unit ?? 'postfix@-.service'}`,
  ];
  return Buffer.concat([Buffer.from(`${text.join('\n')}\nMESSAGE\n`), length, bytes, Buffer.from('\n\n')]);
}
