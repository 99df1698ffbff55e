import { Readable, Writable } from 'node:stream';
import { main } from '../../src/cli/main.ts';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout, a JSON value a line. */
  json(): unknown[];
}

/** What a command is run with. */
export interface RunOptions {
  /** Standard input. */
  readonly input?: string;
  /** A terminal so wide; none when absent. */
  readonly columns?: number;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a command in this process, as the program would. */
export async function runCli(argv: readonly string[], how: string | RunOptions = {}): Promise<CliResult> {
  const { input = '', columns, env = {} } = typeof how === 'string' ? { input: how } : how;
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  const out = collector(terminal);
  const err = collector(terminal);
  const code = await main(argv, {
    stdout: out.stream,
    stderr: err.stream,
    stdin: Readable.from([Buffer.from(input)]),
    env: columns === undefined ? env : { NO_COLOR: '1', ...env },
  });
  const stdout = out.text();
  return {
    code,
    stdout,
    stderr: err.text(),
    json: () =>
      stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as unknown),
  };
}

/** A stream that keeps what is written to it. @param terminal `isTTY` and `columns`, where it is to be one */
export function collector(terminal: object): { readonly stream: Writable; text(): string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream: Object.assign(stream, terminal), text: () => Buffer.concat(chunks).toString('utf8') };
}
