import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { serviceAccess } from '../check/access.ts';
import { askExim, optionOf } from '../check/exim-settings.ts';
import { SIGNED_ZONES } from '../check/resolver.ts';
import type { Clock } from '../clock.ts';
import { toDomain } from '../domain.ts';
import { localZone } from '../logs/zone.ts';
import { createResolver } from '../policy/dns-client.ts';
import { type Ask, askLocalMta } from '../policy/local-mta.ts';
import { dnsServers, parseServer } from '../policy/resolv-conf.ts';
import { findDkimKeys } from './dkim-keys.ts';
import type { InitFacts } from './facts.ts';
import { findLogs } from './mail-logs.ts';
import { writtenOut } from './unasked.ts';

/** What it takes to look at a host for `init`. */
export interface HostDeps {
  readonly ask: Ask;
  readonly clock: Clock;
  /** The machine's name, fully qualified if it knows that. */
  readonly host: string;
  /** In front of /etc and /var; empty but in tests. */
  readonly root: string;
  /** Where reports would leave: host and port of the local MTA. */
  readonly mta: { readonly host: string; readonly port: number };
  /** A resolver of this host, tried where resolv.conf names none that validates. */
  readonly localResolver: string;
}

/** Looks around on this host. Nothing is changed; only the resolver and the local mail port are spoken to. */
export async function detect(deps: HostDeps): Promise<InitFacts> {
  const { ask, root } = deps;
  const local = await askLocalMta(ask);
  const service = await serviceAccess(ask, root);
  const [logs, keys, dns, answers, domain] = await Promise.all([
    findLogs(local, ask, root),
    findDkimKeys(ask, root),
    findResolver(deps),
    isListening(deps.mta),
    findDomain(deps),
  ]);
  return {
    ...(domain !== undefined && { domain }),
    mtas: [
      ...(local.postfix === undefined ? [] : [`Postfix ${local.postfix.version}`]),
      ...(local.exim === undefined ? [] : [`Exim ${local.exim.version}`]),
    ],
    ...(await writtenOut(local, service.ask, logs)),
    zone: localZone(),
    ...dns,
    keys,
    ...(answers && { via: `smtp://${deps.mta.host}:${deps.mta.port}` }),
    nativeTlsrpt: local.postfix?.nativeTlsrpt === true,
  };
}

/** The domain mail is from: as the MTA says, else /etc/mailname, else that of the machine's name. */
async function findDomain({ ask, root, host }: HostDeps): Promise<string | undefined> {
  const postfix = (await ask('postconf', ['-x', 'myorigin', 'mydomain'])) ?? '';
  const exim = (await askExim(ask, ['qualify_domain'])) ?? '';
  const mailname = (await readFile(join(root, '/etc/mailname'), 'utf8').catch(() => '')).trim();
  const candidates = [
    optionOf(postfix, 'myorigin').replace(/^\/.*/, mailname),
    optionOf(exim, 'qualify_domain'),
    mailname,
    optionOf(postfix, 'mydomain'),
    host.replace(/^[^.]*\./, ''),
  ];
  return candidates.map(toDomain).find((name) => name !== undefined && isPublicName(name));
}

/** `localdomain` and names without a dot take no mail. */
function isPublicName(name: string): boolean {
  return name.includes('.') && !/(?:^|\.)(?:localdomain|local|localhost|internal|lan|home)$/.test(name);
}

async function findResolver({
  clock,
  localResolver,
}: HostDeps): Promise<Pick<InitFacts, 'resolver' | 'validates'>> {
  const validates = async (servers: Parameters<typeof createResolver>[0]['servers']) => {
    const resolver = createResolver({ servers, clock, timeoutMs: 2000 });
    const answers = await Promise.all(SIGNED_ZONES.map((zone) => resolver.lookup(zone, 'MX')));
    return answers.some((answer) => 'secure' in answer && answer.secure);
  };
  if (await validates(await dnsServers([]))) return { validates: true };
  if (await validates([parseServer(localResolver)])) return { validates: true, resolver: localResolver };
  return { validates: false };
}

function isListening({ host, port }: HostDeps['mta']): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port });
    const done = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.setTimeout(2000, () => done(false));
    socket.on('error', () => done(false));
    socket.on('connect', () => done(true));
  });
}
