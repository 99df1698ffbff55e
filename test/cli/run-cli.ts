import { Readable, Writable } from 'node:stream';
import { main } from '../../src/cli/main.ts';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout, a JSON value a line. */
  json(): unknown[];
}

/** Runs a command in this process, as the program would. */
export async function runCli(argv: readonly string[], input = ''): Promise<CliResult> {
  const out = collector();
  const err = collector();
  const code = await main(argv, {
    stdout: out.stream,
    stderr: err.stream,
    stdin: Readable.from([Buffer.from(input)]),
    env: {},
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

function collector(): { readonly stream: Writable; text(): string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}
