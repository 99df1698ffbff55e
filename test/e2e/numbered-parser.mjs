import { z } from 'maillog-tlsrpt/parser';

/**
 * A log of numbered lines: each is a session with the domain of its number. The open table holds the last number, and a
 * line that comes before it or twice gives a session of its own.
 */
export const parser = {
  name: 'numbered',
  contract: 1,
  options: z.looseObject({}),
  create: () => ({
    envelope: 'syslog',
    needles: ['line '],
    idleSeconds: 1_000_000,
    entry(entry, open, emit) {
      const number = Number(/^line (\d+)\b/.exec(entry.message)?.[1] ?? Number.NaN);
      const last = open.get('last')?.number ?? -1;
      open.set('last', { number });
      const session = { time: entry.time, outcome: 'success', basis: 'tls-line' };
      emit({ ...session, recipientDomain: `n${number}.test` });
      if (number <= last) emit({ ...session, recipientDomain: `after-${last}.came-${number}.test` });
    },
  }),
};
