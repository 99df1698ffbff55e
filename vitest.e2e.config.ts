import { defineConfig } from 'vitest/config';

// Slow tests and those that need real servers; CI installs the servers first (.ci/run).
export default defineConfig({
  ssr: { resolve: { conditions: ['source'] } },
  resolve: { conditions: ['source'] },
  test: {
    include: ['test/e2e/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    env: { NO_COLOR: '1' },
  },
});
