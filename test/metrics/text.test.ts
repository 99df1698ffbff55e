import { expect, it } from 'vitest';
import { metricsText } from '../../src/metrics/text.ts';

it('writes HELP, TYPE and samples, and escapes label values', () => {
  const text = metricsText([
    {
      name: 'days',
      kind: 'gauge',
      help: 'Days\\in\nthe ledger.',
      samples: [{ labels: { log: 'a"b\\c\nd', state: 'open' }, value: 2 }],
    },
    { name: 'late_sessions', kind: 'gauge', help: 'Late.', samples: [{ labels: {}, value: 0 }] },
  ]);
  expect(text).toBe(`# HELP maillog_tlsrpt_days Days\\\\in\\nthe ledger.
# TYPE maillog_tlsrpt_days gauge
maillog_tlsrpt_days{log="a\\"b\\\\c\\nd",state="open"} 2
# HELP maillog_tlsrpt_late_sessions Late.
# TYPE maillog_tlsrpt_late_sessions gauge
maillog_tlsrpt_late_sessions 0
`);
});

it('leaves out a metric without samples', () => {
  expect(metricsText([{ name: 'x', kind: 'gauge', help: 'X.', samples: [] }])).toBe('');
});
