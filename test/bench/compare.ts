import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Measured, measure, median } from './measure.ts';

export type Line = readonly [string, ...string[]];

/** Ours, theirs, and the goal of the ratio; '' where none is set. */
export type Pair = readonly [ours: string, theirs: string, goal: string];

const BUNDLER = fileURLToPath(new URL('../../.ci/bundle.mjs', import.meta.url));

/** Makes the program as the package has it, below a directory; returns the command that starts it. */
export function bundled(directory: string, node = process.execPath): Line {
  const program = join(directory, 'program');
  const done = spawnSync(process.execPath, [BUNDLER, program], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (done.status !== 0) throw new Error('the program could not be bundled');
  return [node, join(program, 'main.mjs')];
}

/** Runs of programs side by side. Ratios are taken between runs of the same round, which follow each other at once. */
export class Comparison {
  readonly #rows = new Map<string, Measured[]>();
  readonly #program: Line;

  /** @param program how ours is started: see {@link bundled} */
  constructor(program: Line) {
    this.#program = program;
  }

  async run(name: string, command: Line, output?: string): Promise<void> {
    const measured = await measure(command, output);
    this.#rows.set(name, [...(this.#rows.get(name) ?? []), measured]);
  }

  /** `backfill` into a ledger of its own, so that every run commits the same. */
  async backfill(
    name: string,
    directory: string,
    logs: readonly string[],
    words: readonly string[] = [],
  ): Promise<void> {
    const state = join(directory, 'state');
    rmSync(state, { recursive: true, force: true });
    const fixed = ['--offline', '--quiet', '--timezone', 'UTC', '--host', 'mail7', '--state', state];
    await this.run(name, [...this.#program, 'backfill', ...logs, ...fixed, ...words]);
  }

  /** Seconds, the middle one of all runs of a name. */
  seconds(name: string): number {
    return median((this.#rows.get(name) ?? []).map(({ seconds }) => seconds));
  }

  report(pairs: readonly Pair[]): void {
    for (const [name, runs] of this.#rows) {
      const peak = Math.max(...runs.map(({ peakMiB }) => peakMiB));
      const wall = runs.map(({ seconds }) => seconds.toFixed(2)).join(' ');
      say(`${name.padEnd(16)} ${wall} s, peak ${peak} MiB`);
    }
    for (const [ours, other, goal] of pairs) {
      const theirs = this.#rows.get(other) ?? [];
      const ratios = (this.#rows.get(ours) ?? []).map(
        ({ seconds }, at) => seconds / (theirs[at]?.seconds ?? Number.NaN),
      );
      const each = ratios.map((ratio) => ratio.toFixed(2)).join(' ');
      const wanted = goal === '' ? '' : `; goal: ${goal}`;
      say(`${ours} / ${other}: ${median(ratios).toFixed(2)} (${each})${wanted}`);
    }
  }
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
