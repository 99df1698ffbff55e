import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The program as it was built. */
export const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
/** Reads logs of numbered lines, each a session. */
export const NUMBERED_PARSER = fileURLToPath(new URL('numbered-parser.mjs', import.meta.url));

/** The program as it was built, running. */
export class Program {
  readonly child: ChildProcess;
  stderr = '';
  readonly #over: Promise<number | null>;

  constructor(words: readonly string[], env: NodeJS.ProcessEnv = {}, before: readonly string[] = []) {
    const [command = '', ...rest] = [...before, process.execPath, PROGRAM, ...words];
    this.child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.child.stdout?.resume();
    this.#over = once(this.child, 'close').then(([code]) => code as number | null);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Resolves to its exit code, null when a signal ended it. */
  ended(): Promise<number | null> {
    return this.#over;
  }

  /** Ends it by a signal, and resolves to its exit code. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.ended();
  }
}

/** Runs the program to its end. */
export async function runProgram(...words: string[]): Promise<{ code: number | null; stderr: string }> {
  const program = new Program(words);
  const code = await program.ended();
  return { code, stderr: program.stderr };
}
