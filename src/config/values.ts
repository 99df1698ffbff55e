import { z } from 'zod';

/** Lengths of time as people write them: `15m`, `4h`, `2d`, `30s`; plain numbers are seconds. */
const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const DURATION = 'must be a length of time such as 30s, 15m, 4h or 2d';

/** A length of time, in ms once read. */
export const duration = z
  .union([z.string(), z.number()], { error: DURATION })
  .transform((value, context) => {
    const match = /^(\d+(?:\.\d+)?)\s*([smhd])?$/.exec(String(value));
    if (match === null) {
      context.addIssue({ code: 'custom', message: DURATION });
      return z.NEVER;
    }
    return Math.round(Number(match[1]) * (UNITS[match[2] ?? 's'] ?? 1000));
  })
  .describe('a length of time: 30s, 15m, 4h, 2d');

/** One mail address, as RFC 5322 §3.4.1 has it, and nothing around it. */
export const addrSpec = z
  .string()
  .regex(
    /^[^\s@<>",;:]+@[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/,
    'must be one mail address without a display name: tls-reports@example.com',
  );

/** An IANA time zone this Node knows. */
export const zone = z.string().refine(isZone, 'must be an IANA time zone such as Europe/Berlin or UTC');

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
