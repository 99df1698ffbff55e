import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TSX = ['--conditions=source', '--import', join(ROOT, 'node_modules/tsx/dist/esm/index.mjs')];

it('prints the log so that it can be shown, and checks it', async () => {
  const { code, stdout, stderr } = await runCli(['scrub', SAMPLE_LOG]);
  expect(code).toBe(0);
  expect(stdout.split('\n').length).toBe(readFileSync(SAMPLE_LOG, 'utf8').split('\n').length);
  expect(stdout).not.toMatch(/\.test\b/);
  expect(stderr).toMatch(/postfix: the same 1\d\d sessions are read from it/);
});

it('reads standard input when it is told the parser, or not to check', async () => {
  expect((await runCli(['scrub', '-'])).code).toBe(64);
  const input =
    'Nov 22 10:00:01 mail postfix/smtp[1]: connect to mx.secret.org[8.8.8.8]:25: Connection refused\n';
  for (const words of [['--parser', 'postfix'], ['--no-check']]) {
    const shown = execFileSync(
      process.execPath,
      [...TSX, join(ROOT, 'src/cli/main.ts'), 'scrub', '-', ...words],
      {
        input,
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    );
    expect(shown).toMatch(
      /^Nov 22 10:00:01 n1 postfix\/smtp\[1\]: connect to n\d+\.n\d+\.n\d+\.example\[192\.0\.2\.1\]:25:/,
    );
  }
});

it('npm run samples:harvest makes a sample of the lines chosen', () => {
  const samples = mkdtempSync(join(tmpdir(), 'harvest-'));
  try {
    const words = ['--case', 'two-mx', '--domain', 'twomx.test', '--samples', samples, SAMPLE_LOG];
    const args = [...TSX, join(ROOT, 'test/samples/harvest.ts'), ...words];
    const told = execFileSync(process.execPath, args, { encoding: 'utf8' });
    expect(told).toContain('npm run samples:accept postfix two-mx');
    const lines = readFileSync(join(samples, 'postfix/two-mx/input.log'), 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.some((line) => line.includes('TLS connection established to n'))).toBe(true);
    expect(lines.join('\n')).not.toContain('twomx');
    expect(readFileSync(join(samples, 'postfix/two-mx/ORIGIN'), 'utf8')).toContain('replaced');
  } finally {
    rmSync(samples, { recursive: true, force: true });
  }
});
