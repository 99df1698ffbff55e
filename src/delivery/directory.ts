import { join } from 'node:path';
import { Problem, systemReason } from '../errors.ts';
import { writeAtomically } from './atomic-file.ts';
import type { Handover } from './handover.ts';

/** Puts a document into a directory, made if need be; the same report twice is the same file. */
export async function toDirectory(path: string, name: string, content: Uint8Array): Promise<Handover> {
  try {
    await writeAtomically(join(path, name), content);
    return { kind: 'sent', note: `written as ${name}` };
  } catch (error) {
    const reason = error instanceof Problem ? error.message : systemReason(error);
    return { kind: 'temporary', reason: `${path}: ${reason}`, unreachable: true };
  }
}
