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
export type FoundLog = {
  readonly path: string;
  readonly parser: string;
  readonly relayhosts: readonly string[];
  readonly fallbackRelays: readonly string[];
};

/** What was found on this host; whatever is absent the admin must say. */
export interface InitFacts {
  /** The domain mail of this host is from. */
  readonly domain?: string;
  /** `Postfix 3.7.11`, for messages. */
  readonly mtas: readonly string[];
  readonly logs: readonly FoundLog[];
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
