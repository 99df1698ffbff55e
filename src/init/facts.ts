import type { MtaName } from '../policy/local-mta.ts';
import type { FoundJournal } from './journal.ts';

/** A DKIM key that something on this host signs mail with. */
export interface FoundKey {
  /** `opendkim`, `rspamd`, `exim`. */
  readonly signer: string;
  readonly domain: string;
  readonly selector: string;
  /** Absent where the setting does not name one file. */
  readonly path?: string;
}

/** A log to read, as the config will name it. */
export interface FoundLog {
  /** The file; absent where the MTA logs to the journal alone. */
  readonly path?: string;
  readonly journal?: FoundJournal;
  /** The MTA's entries were not seen in the journal: it holds none yet, or may not be read. */
  readonly unseen?: true;
  readonly parser: MtaName;
  readonly relayhosts: readonly string[];
  readonly fallbackRelays: readonly string[];
  /** The address mail leaves from, where the user of the units will not be able to ask the MTA for it. */
  readonly sendingMtaIp?: string;
}

/** What was found on this host; whatever is absent the admin must say. */
export interface InitFacts {
  /** The domain mail of this host is from. */
  readonly domain?: string;
  /** `Postfix 3.7.11`, for messages. */
  readonly mtas: readonly string[];
  readonly logs: readonly FoundLog[];
  /** What the MTA enforces, where the user of the units will not be able to ask it; absent where it will. */
  readonly honours?: readonly string[];
  /** `Exim`: MTAs that did not show their settings to who runs `init`. */
  readonly hidden: readonly string[];
  /** IANA name of the machine's zone. */
  readonly zone: string;
  /** A resolver on this host that validates, where resolv.conf does not name it. */
  readonly resolver?: string;
  /** Some resolver validates DNSSEC: the one above, or that of resolv.conf. */
  readonly validates: boolean;
  readonly keys: readonly FoundKey[];
  /** How reports can leave; absent where nothing answers. */
  readonly via?: string;
  /** Postfix reports by itself. */
  readonly nativeTlsrpt: boolean;
}
