import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parser as good } from '../parsers/_template/index.ts';
import type {
  Emit,
  JsonObject,
  LogEntry,
  LogParser,
  OpenSessions,
  ParserModule,
  Trace,
} from '../src/parser.ts';
import { type ContractSetup, contractChecks } from './parser-contract.ts';

const SYSLOG = /^(\S+) (\S+) (.*)$/;
const setup: ContractSetup = {
  samplesDir: join(fileURLToPath(new URL('../', import.meta.url)), 'parsers/_template/samples'),
  foreignLines: (neighbour) => [
    neighbour.replace(SYSLOG, '$1 $2 kernel: parcel[1]: 0000c0de failed'),
    neighbour.replace(SYSLOG, '$1 stranger parcel[311]: 0000c0de close'),
  ],
  onHost: (line, host) => line.replace(SYSLOG, `$1 ${host} $3`),
  endlessLine: (n) =>
    `2026-11-22T10:00:00Z mail parcel[311]: ${n.toString(16).padStart(8, '0')} open mx1.example.org 192.0.2.25`,
};

type Entry = (entry: LogEntry, open: OpenSessions, emit: Emit, trace?: Trace, unknown?: () => void) => void;

/** The template's parser with one thing done badly. */
function spoiled(spoil: (made: LogParser) => Partial<LogParser>): ParserModule {
  const module: ParserModule = good as ParserModule;
  return {
    ...module,
    create(options) {
      const made = module.create(options);
      const entry: Entry = (...words) => made.entry(...words);
      return { envelope: made.envelope, needles: made.needles, idleSeconds: 3600, entry, ...spoil(made) };
    },
  };
}

/** Envelopes that the parser has read for it, from text and from bytes, there so many ms too late. */
function withOwnEnvelope(late: (pid: number) => number): Pick<LogParser, 'envelope' | 'byteEnvelope'> {
  return {
    envelope: (line, context) => context.syslog(line),
    byteEnvelope(line, context) {
      const text = line.text(line.start, line.end);
      const entry = context.syslog(text);
      if (entry === undefined || !text.endsWith(entry.message)) return 'unread';
      line.time = entry.time + late(entry.pid);
      line.host = entry.host;
      line.program = entry.program;
      line.pid = entry.pid;
      line.start = line.end - Buffer.byteLength(entry.message);
      return 'needles';
    },
  };
}

/** The checks that the parser does not pass. */
function failures(module: ParserModule): string[] {
  return contractChecks(module, setup).flatMap(({ name, run }) => {
    try {
      run();
      return [];
    } catch {
      return [name];
    }
  });
}

const ACCEPTED = 'reads exactly the sessions somebody accepted';
const THROUGH_JSON = 'reads the same when the table goes through JSON after every line';
const TWO_AT_ONCE = 'keeps nothing outside the table: two parsers at once read as one';
const FROM_BYTES = 'reads the same from bytes, where lines without a needle are skipped';
const TWO_ROADS = 'reads the same by its faster road, whatever the pieces and whatever happened to the lines';
const FOREIGN = 'reads the same among foreign lines';
const TWO_HOSTS = 'reads two hosts with the same pids as if each were alone';
const HARMED = 'never throws, and names only what is a name, whatever happened to the lines';
const LONG = 'reads lines of a megabyte';
const BOUNDED = 'keeps few keys, small ones, though sessions never end';

describe('the contract suite', () => {
  it('passes a good parser', () => {
    expect(failures(good as ParserModule)).toEqual([]);
  });

  it('finds one that throws at what it does not expect', () => {
    const module = spoiled((made) => ({
      entry(...words) {
        if (words[0].message.length > 130) throw new RangeError('what a long line');
        made.entry(...words);
      },
    }));
    expect(failures(module)).toEqual([HARMED, LONG]);
  });

  it('finds one that keeps state in the parser', () => {
    const module = spoiled((made) => {
      const table = new Map<string, JsonObject>();
      return {
        entry: (entry, _open, emit, trace, ...more) =>
          made.entry(entry, tableOf(table), emit, trace, ...more),
      };
    });
    expect(failures(module)).toContain(THROUGH_JSON);
    expect(failures(module)).not.toContain(TWO_AT_ONCE);
  });

  it('finds one that keeps state in the module', () => {
    const table = new Map<string, JsonObject>();
    const module = spoiled((made) => ({
      entry: (entry, _open, emit, trace, ...more) => made.entry(entry, tableOf(table), emit, trace, ...more),
    }));
    expect(failures(module)).toContain(TWO_AT_ONCE);
  });

  it('finds one whose needles drop a line that matters', () => {
    expect(failures(spoiled(() => ({ needles: [' sent '] })))).toEqual([FROM_BYTES]);
  });

  it('finds one whose faster road swallows a line', () => {
    expect(failures(spoiled(() => ({ bytes: ({ pid }) => pid % 2 === 1 })))).toContain(TWO_ROADS);
  });

  it('passes one that reads an envelope of its own from bytes as from text, and finds one that does not', () => {
    expect(failures(spoiled(() => withOwnEnvelope(() => 0)))).toEqual([]);
    expect(failures(spoiled(() => withOwnEnvelope((pid) => pid % 2)))).toContain(TWO_ROADS);
    const swallowing = { ...withOwnEnvelope(() => 0), byteEnvelope: () => 'noise' as const };
    expect(failures(spoiled(() => swallowing))).toEqual([FROM_BYTES, TWO_ROADS]);
  });

  it('finds one that passes over what matters', () => {
    expect(failures(spoiled(() => ({ matters: ({ pid }) => pid % 2 === 0 })))).toContain(ACCEPTED);
  });

  it('finds one that takes text of strangers for its own', () => {
    const module = spoiled((made) => ({
      entry(entry, open, emit, trace, ...more) {
        const [, pid, message] =
          /parcel\[(\d+)\]: (.*)$/.exec(`${entry.program}[${entry.pid}]: ${entry.message}`) ?? [];
        if (message === undefined) return;
        made.entry({ ...entry, program: 'parcel', pid: Number(pid), message }, open, emit, trace, ...more);
      },
    }));
    expect(failures(module)).toContain(FOREIGN);
  });

  it('finds one that does not tell hosts apart', () => {
    const module = spoiled((made) => ({
      entry: (entry, open, emit, trace, ...more) =>
        made.entry({ ...entry, host: 'any' }, open, emit, trace, ...more),
    }));
    expect(failures(module)).toEqual([FOREIGN, TWO_HOSTS]);
  });

  it('finds one that names what is no name', () => {
    const module = spoiled((made) => ({
      entry(entry, open, emit, trace, ...more) {
        const named: Emit = (session) =>
          emit({ ...session, recipientDomain: entry.message.split('@')[1] ?? '' });
        made.entry(entry, open, named, trace, ...more);
      },
    }));
    expect(failures(module)).toContain(HARMED);
  });

  it('finds one whose state grows with every line', () => {
    const module = spoiled((made) => ({
      entry(entry, open, emit, trace, ...more) {
        const seen = open.get('seen')?.['ids'];
        open.set('seen', { ids: `${typeof seen === 'string' ? seen : ''} ${entry.message.slice(0, 8)}` });
        made.entry(entry, open, emit, trace, ...more);
      },
    }));
    expect(failures(module)).toEqual([BOUNDED]);
  });

  it('finds one that explains a line by a rule nobody can look up', () => {
    const module = spoiled((made) => ({
      entry(entry, open, emit, trace, ...more) {
        made.entry(entry, open, emit, (reading) => trace?.({ ...reading, rule: 'magic' }), ...more);
      },
    }));
    expect(failures(module)).toEqual(['tells at most one known rule a line, and reads the same untraced']);
  });
});

function tableOf(table: Map<string, JsonObject>): OpenSessions {
  return {
    get: (key) => table.get(key),
    set: (key, open) => void table.set(key, open),
    renew: (key, open) => void table.set(key, open),
    delete: (key) => void table.delete(key),
  };
}
