import { spawn } from 'node:child_process';
import { EXIT, Problem, systemReason } from '../errors.ts';

const PATIENCE_MS = 30_000;
/** Of what the program says, enough for a message. */
const HEARD_BYTES = 2000;

/**
 * Runs the admin's program, without a shell, with a JSON document on its standard input.
 * @throws Problem (unavailable) when it cannot be run, fails, or takes too long
 */
export function callWithJson(
  command: readonly string[],
  document: unknown,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'ignore', 'pipe'],
      timeout: PATIENCE_MS,
      env: { PATH: env['PATH'], LC_ALL: env['LC_ALL'], LANG: env['LANG'] },
    });
    const fail = (reason: string, cause?: unknown) =>
      reject(
        new Problem(EXIT.unavailable, `the alert command ${reason}`, {
          where: command.join(' '),
          help: 'the alert is given again by the next run; see alerts.command',
          cause,
        }),
      );
    let heard = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      heard = (heard + text).slice(0, HEARD_BYTES);
    });
    child.on('error', (error) => fail(`cannot be run: ${systemReason(error)}`, error));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve();
      const words = heard.trim() === '' ? '' : `: ${heard.trim().split('\n')[0]}`;
      fail(signal === null ? `ended with ${code}${words}` : `was ended by ${signal}${words}`);
    });
    // A program that reads nothing is its own business.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${JSON.stringify(document)}\n`);
  });
}
