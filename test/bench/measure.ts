import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

const LOOK_MS = 10;

/** What a program took. */
export interface Measured {
  /** Wall time, start-up included. */
  readonly seconds: number;
  /** The greatest resident memory of the process itself (VmHWM); 0 where /proc does not tell. */
  readonly peakMiB: number;
}

/**
 * Runs a program to its end with its output in a file.
 * @throws Error if it fails
 */
export async function measure(
  command: readonly [string, ...string[]],
  output = '/dev/null',
): Promise<Measured> {
  const [program, ...words] = command;
  const out = openSync(output, 'w');
  const began = performance.now();
  const child = spawn(program, words, {
    stdio: ['ignore', out, 'inherit'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  let peakMiB = 0;
  const look = setInterval(() => {
    peakMiB = Math.max(peakMiB, peakOf(child.pid));
  }, LOOK_MS);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const seconds = (performance.now() - began) / 1000;
    if (code !== 0) throw new Error(`${program} failed with ${code}`);
    return { seconds, peakMiB };
  } finally {
    clearInterval(look);
    closeSync(out);
  }
}

function peakOf(pid: number | undefined): number {
  try {
    const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Math.round(Number(found?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
