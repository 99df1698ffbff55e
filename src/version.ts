import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** package.json stands beside the bundle, one level up from the sources, two from dist. */
const PLACES = ['./package.json', '../package.json', '../../package.json'] as const;

/** The program's version, as its package.json tells. */
export function packageVersion(): string {
  for (const place of PLACES) {
    try {
      const text = readFileSync(fileURLToPath(new URL(place, import.meta.url)), 'utf8');
      const parsed = JSON.parse(text) as { name?: string; version?: string };
      if (parsed.name === 'maillog-tlsrpt') return parsed.version ?? 'unknown';
    } catch {
      // Another place has it.
    }
  }
  return 'unknown';
}
