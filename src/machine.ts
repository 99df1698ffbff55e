import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** What systemd and the kernel know a machine by; one that was copied has booted at another time. */
const FILES = ['/etc/machine-id', '/proc/sys/kernel/random/boot_id'];

/** Tells this machine from all others until it boots again; undefined where the system has no such thing. */
export function machineId(): string | undefined {
  const words = FILES.map(wordIn).filter((word) => word !== '');
  // Hashed, for a machine-id is nobody else's business (machine-id(5)).
  return words.length === 0
    ? undefined
    : createHash('sha256').update(words.join('\n')).digest('hex').slice(0, 16);
}

function wordIn(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
