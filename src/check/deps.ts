import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Resolver } from '../policy/dns.ts';
import type { Ask, LocalMta } from '../policy/local-mta.ts';
import type { DnsServer } from '../policy/resolv-conf.ts';
import type { Access } from './access.ts';
import type { Finding } from './finding.ts';

/** All the doctor may look with. */
export interface CheckDeps {
  readonly config: Config;
  readonly configPath: string;
  /** The directory relative paths of the config start from. */
  readonly directory: string;
  readonly clock: Clock;
  /** The reading host's name. */
  readonly host: string;
  readonly resolver: Resolver;
  readonly servers: readonly DnsServer[];
  readonly local: LocalMta;
  readonly ask: Ask;
  readonly access: Access;
  /** The ledger, or why it cannot be had. */
  readonly ledger: Ledger | Error;
  /** In front of /etc and /usr; empty but in tests. */
  readonly root: string;
}

/** Looks at one concern. */
export type Check = (deps: CheckDeps) => Promise<readonly Finding[]>;
