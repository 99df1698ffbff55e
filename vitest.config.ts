import { defineConfig } from 'vitest/config';

// The `source` condition lets parsers import the contract by package name from the sources.
export default defineConfig({
  ssr: { resolve: { conditions: ['source'] } },
  resolve: { conditions: ['source'] },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'test/bench/**', 'node_modules/**'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    env: { TZ: 'Pacific/Auckland', NO_COLOR: '1' },
  },
});
