/** One line of Parcel, read. `id` is that of the connection. */
export type Line =
  | { readonly kind: 'open'; readonly id: string; readonly host: string; readonly address: string }
  | { readonly kind: 'tls'; readonly id: string; readonly version: string; readonly verified: boolean }
  | { readonly kind: 'failed'; readonly id: string; readonly why: 'expired' | 'broken' }
  | { readonly kind: 'sent'; readonly id: string; readonly sender: string; readonly domain: string }
  | { readonly kind: 'close'; readonly id: string };

/**
 * Reads a message; undefined for one that no rule knows. Each pattern begins at the first byte and ends before the
 * first text of the server, for all behind that may be hostile; each repetition is bounded, for a line may be long.
 */
export function readLine(message: string): Line | undefined {
  const match = /^([0-9a-f]{8}) (open|tls|failed|sent|close)(?: |$)/.exec(message.slice(0, 20));
  const [head, id, word] = match ?? [];
  if (head === undefined || id === undefined) return undefined;
  const rest = message.slice(head.length, head.length + 1000);
  switch (word) {
    case 'open':
      return readOpen(id, rest);
    case 'tls':
      return readTls(id, rest);
    case 'failed':
      return { kind: 'failed', id, why: rest === 'certificate expired' ? 'expired' : 'broken' };
    case 'sent':
      return readSent(id, rest);
    default:
      return { kind: 'close', id };
  }
}

/** `mx1.example.org 192.0.2.25` */
function readOpen(id: string, rest: string): Line | undefined {
  const [, host, address] = /^(\S{1,255}) ([0-9A-Fa-f.:]{2,45})$/.exec(rest) ?? [];
  return host === undefined || address === undefined ? undefined : { kind: 'open', id, host, address };
}

/** `TLSv1.3 verified` */
function readTls(id: string, rest: string): Line | undefined {
  const [, version, word] = /^(TLSv1(?:\.\d)?) (verified|unverified)$/.exec(rest) ?? [];
  return version === undefined ? undefined : { kind: 'tls', id, version, verified: word === 'verified' };
}

/** `<ann@sender.example> <bob@example.org> 250 the server's own words` */
function readSent(id: string, rest: string): Line | undefined {
  const [, sender, domain] = /^<([^<>\s]{0,300})> <[^<>\s]{1,200}@([^<>@\s]{1,255})> /.exec(rest) ?? [];
  return sender === undefined || domain === undefined ? undefined : { kind: 'sent', id, sender, domain };
}
