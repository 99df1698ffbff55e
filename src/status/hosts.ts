import type { HostStatus } from '../fleet.ts';
import { isoTime } from '../time-text.ts';
import type { HostJson } from './schema.ts';

/** A host as `status --json` prints it. */
export function hostJson(host: HostStatus): HostJson {
  const { readToEndAt, lag, share, holdsUp, behind, clockAhead, clashAt, lacking, ...rest } = host;
  return {
    ...rest,
    share: Math.round(share * 10_000) / 10_000,
    holdsUp: [...holdsUp],
    behind: [...behind],
    ...(readToEndAt !== undefined && { readToEndAt: isoTime(readToEndAt) }),
    ...(lag !== undefined && { lagSeconds: Math.round(lag / 1000) }),
    ...(clockAhead !== undefined && { clockAheadSeconds: Math.round(clockAhead / 1000) }),
    ...(clashAt !== undefined && { clashAt: isoTime(clashAt) }),
    ...(lacking !== undefined && { lacking: [...lacking] }),
  };
}
