/** The rules by which lines are read: name → the sentence `explain` shows. Every line of the MTA has one. */
export const RULES = {
  opened: 'a connection to a server begins',
  'tls-established': 'a TLS session stands; whose it is, the delivery tells',
  'tls-failed': 'TLS failed; whose session it was, the delivery tells',
  delivery: 'the first delivery of a connection: tells its session',
  'same-session': 'one more delivery of a session already told',
  'no-word-of-tls': 'delivered without a word of TLS: no session',
  'unseen-connection': 'belongs to a connection that began before this log',
  'not-reportable': 'an address or a domain that no report can be for',
  closed: 'the connection ended',
  unknown: 'no rule knows this line',
} as const;

export type Rule = keyof typeof RULES;
