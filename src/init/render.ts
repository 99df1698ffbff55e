import { MTA_NAMES } from '../policy/local-mta.ts';
import type { FoundKey, FoundLog, InitFacts } from './facts.ts';
import { Explained, type FoundMap, layOut } from './layout.ts';

/** A configuration as `init` writes it. */
export interface Rendered {
  readonly text: string;
  /** What the admin must see to before the first run, one sentence each. */
  readonly todo: readonly string[];
}

/** The config for a host: what was found stands as it is, all else as comments with the defaults. */
export function renderConfig(facts: InitFacts): Rendered {
  const domain = senderDomain(facts);
  const found = {
    organization: domain,
    contact: `postmaster@${domain}`,
    state: '/var/lib/maillog-tlsrpt',
    logs: facts.logs.map((log) => logEntry(log, facts)),
    ...(facts.honours !== undefined && { mta: { honours: new Explained(facts.honours, UNASKED) } }),
    mail: {
      via: facts.via ?? 'smtp://127.0.0.1:25',
      ...(signerOf(facts, domain) !== undefined && { dkim: 'mta' }),
    },
    ...(facts.resolver !== undefined && { dns: { servers: [facts.resolver] } }),
  };
  const head = [
    `# The configuration of maillog-tlsrpt, as found on this host${facts.mtas.length === 0 ? '' : `: ${facts.mtas.join(', ')}`}.`,
    '# What stands behind a # is the default. A block that begins with #- is one more element of its list.',
    '# `maillog-tlsrpt check` says whether all is well.',
  ];
  return { text: `${[...head, ...layOut(found)].join('\n')}\n`, todo: todoOf(facts, domain) };
}

/** Why something is written out that `auto` would find. */
const UNASKED =
  'Written out as found, for the user maillog-tlsrpt may not read the settings of the MTA, and so cannot ask it. `check` says when it is no longer so.';

function logEntry(log: FoundLog, { zone }: InitFacts): FoundMap {
  const { path, journal, parser, relayhosts, fallbackRelays, sendingMtaIp } = log;
  return {
    // The journal's stamps need no zone.
    ...(path === undefined ? { journal: { ...journal } } : { path, timezone: zone }),
    parser,
    'sending-mta-ip': sendingMtaIp === undefined ? 'auto' : new Explained(sendingMtaIp, UNASKED),
    ...(relayhosts.length > 0 && { relayhosts }),
    ...(fallbackRelays.length > 0 && { 'fallback-relays': fallbackRelays }),
  };
}

/** The domain reports are from: that of the host's mail, or the only one a DKIM key was found for. */
function senderDomain({ domain, keys }: InitFacts): string {
  if (domain !== undefined && (keys.length === 0 || keys.some((key) => key.domain === domain))) return domain;
  return keys[0]?.domain ?? domain ?? 'example.com';
}

function signerOf({ keys }: InitFacts, domain: string): FoundKey | undefined {
  return keys.find((key) => key.domain === domain);
}

function todoOf(facts: InitFacts, domain: string): string[] {
  const signer = signerOf(facts, domain);
  const todo = [
    `set organization to your name, and contact to an address of ${domain} that somebody reads`,
    signer === undefined
      ? `make a DKIM key and set mail.dkim (docs/dkim.md): receivers ignore unsigned reports`
      : `${signer.signer} signs mail of ${domain} (selector ${signer.selector}), so mail.dkim is "mta": rehearse with \`send --to\` and see that a report arrives signed`,
  ];
  if (facts.domain === undefined && facts.keys.length === 0)
    todo.unshift('this host does not know its mail domain: replace example.com');
  if (facts.logs.length === 0) todo.push('name the log of your MTA: none was found');
  for (const { unseen, parser } of facts.logs)
    if (unseen === true)
      todo.push(
        `see that ${MTA_NAMES[parser]} logs to the journal: no log file of it was found, and no entry in the journal`,
      );
  for (const name of facts.hidden)
    todo.push(`run init as root: ${name} does not show its settings, its log among them, to this user`);
  if (facts.via === undefined) todo.push('nothing takes mail on port 25 of this host: set mail.via');
  if (!facts.validates)
    todo.push('no resolver here validates DNSSEC: install unbound, or DANE cannot be seen');
  if (facts.nativeTlsrpt)
    todo.push('Postfix reports by itself (smtp_tlsrpt_enable): turn one of the two off (docs/faq.md)');
  return todo;
}
