/** Runs work with at most so many at once and, if asked, so many begun a second. */
export interface Limiter {
  run<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * @param concurrency how many at once, at least 1.
 * @param perSecond how many may begin in a second, evenly spaced; 0: no limit.
 */
export function createLimiter(concurrency: number, perSecond = 0): Limiter {
  const waiting: (() => void)[] = [];
  let active = 0;
  let nextStart = 0;

  async function enter(): Promise<void> {
    if (active < concurrency) active++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    if (perSecond <= 0) return;
    const now = performance.now();
    const start = Math.max(now, nextStart);
    nextStart = start + 1000 / perSecond;
    if (start > now) await new Promise((resolve) => setTimeout(resolve, start - now));
  }

  function leave(): void {
    // The place is handed on, not given back, so that no third party can slip in between.
    const next = waiting.shift();
    if (next === undefined) active--;
    else next();
  }

  return {
    async run(work) {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
