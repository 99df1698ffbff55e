import { toAddress } from '../domain.ts';

/** What Exim says of itself. It has no MTA-STS client, so there is nothing to ask for that. */
export interface EximFacts {
  readonly version: string;
  /** Some SMTP transport tries or requires DANE. */
  readonly dane: boolean;
  /** The `interface` of its SMTP transports, where it is one plain address. */
  readonly interfaceAddress?: string;
}

/** Reads `exim -bV` and `exim -bP transports`. */
export function readExim(version: string, transports: string): EximFacts {
  const smtp = transports
    .split(/^(?=\S+ transport:$)/m)
    .filter((section) => /^driver = smtp$/m.test(section));
  const built = /^Support for:.*\bDANE\b/m.test(version);
  const dane = built && smtp.some((section) => /^hosts_(?:try|require)_dane = \S/m.test(section));
  const addresses = new Set(smtp.flatMap((section) => /^interface = (\S+)$/m.exec(section)?.[1] ?? []));
  const [only] = addresses;
  const interfaceAddress = addresses.size === 1 && only !== undefined ? toAddress(only) : undefined;
  return {
    version: /^Exim version (\S+)/m.exec(version)?.[1] ?? '',
    dane,
    ...(interfaceAddress !== undefined && { interfaceAddress }),
  };
}
