import { spawn } from 'node:child_process';
import { EXIT, Problem, systemReason } from '../errors.ts';

const PATIENCE_MS = 30_000;
/** What a program that has ended said last may be in the pipe still. */
const LAST_WORDS_MS = 500;
/** Of what the program says, enough for a message. */
const HEARD_CHARACTERS = 2000;

/**
 * Runs the admin's program, without a shell, with a JSON document on its standard input. It and what it started are
 * killed when it takes too long.
 * @param patience ms
 * @throws Problem (unavailable) when it cannot be run, fails, or takes too long
 */
export function callWithJson(
  command: readonly string[],
  document: unknown,
  env: NodeJS.ProcessEnv,
  patience = PATIENCE_MS,
): Promise<void> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown) => reject(problem(command, reason, cause));
    const child = spawn(program, args, {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { PATH: env['PATH'], LC_ALL: env['LC_ALL'], LANG: env['LANG'] },
      // A process group of its own: a shell script's children are ended with it.
      detached: true,
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      killGroup(child.pid);
    }, patience);
    let heard = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      heard = (heard + text).slice(0, HEARD_CHARACTERS);
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      fail(`cannot be run: ${systemReason(error)}`, error);
    });
    const ended = (code: number | null, signal: NodeJS.Signals | null) => {
      clearTimeout(timer);
      child.stdin.destroy();
      child.stderr.destroy();
      if (code === 0) return resolve();
      if (late) return fail(`took longer than ${patience / 1000} s, and was ended`);
      const words = heard.trim() === '' ? '' : `: ${heard.trim().split('\n')[0]}`;
      fail(signal === null ? `ended with ${code}${words}` : `was ended by ${signal}${words}`);
    };
    child.on('close', ended);
    // What the program leaves running may keep its standard error open for ever: no `close` comes then.
    child.on('exit', (code, signal) => setTimeout(() => ended(code, signal), LAST_WORDS_MS).unref());
    // A program that reads nothing is its own business.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${JSON.stringify(document)}\n`);
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // It ended this very moment.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function problem(command: readonly string[], reason: string, cause: unknown): Problem {
  return new Problem(EXIT.unavailable, `the alert command ${reason}`, {
    where: command.join(' '),
    help: 'the alert is given again by the next run; see alerts.command',
    cause,
  });
}
