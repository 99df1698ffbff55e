import { existsSync, readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const DEBIAN = '/usr/lib/postgresql';

/** Debian's PostgreSQL, the newest there is, where `npm test` has that of a development dependency. */
function postgres(): Record<string, string> {
  const named = process.env['POSTGRES_BIN'];
  if (named !== undefined) return { POSTGRES_BIN: named };
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).filter((name) => /^\d+$/.test(name)) : [];
  const newest = versions.sort((a, b) => Number(a) - Number(b)).at(-1);
  return newest === undefined ? {} : { POSTGRES_BIN: `${DEBIAN}/${newest}/bin` };
}

// Slow tests and those that need real servers; CI installs the servers first (.ci/run).
export default defineConfig({
  ssr: { resolve: { conditions: ['source'] } },
  resolve: { conditions: ['source'] },
  test: {
    include: ['test/e2e/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    env: { NO_COLOR: '1', ...postgres() },
  },
});
