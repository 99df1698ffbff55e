import { toAddress, toDomain } from '../domain.ts';

/** Where a report can go. */
export type Target =
  /** `address` is a plain addr-spec in ASCII; nothing in it can break out of a header or a command line. */
  | { readonly kind: 'mail'; readonly address: string; readonly host: string }
  | { readonly kind: 'https'; readonly url: URL; readonly host: string }
  | { readonly kind: 'directory'; readonly path: string; readonly host: '' };

const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const MAX_URI = 2048;

/**
 * Reads a rua as the ledger holds it: `mailto:` with one plain address, percent signs already decoded and nothing
 * behind it (a stranger chooses no headers of ours), an `https:` URL, or our own `directory:/path`.
 * @returns undefined for whatever is none of them or is over-long
 */
export function toTarget(rua: string): Target | undefined {
  if (rua.length > MAX_URI || /[\0-\x20\x7f-\uffff]/.test(rua.replace(/^directory:.*/s, '')))
    return undefined;
  const scheme = /^([a-z]+):/i.exec(rua)?.[1]?.toLowerCase();
  if (scheme === 'mailto') return mailTarget(rua.slice(7));
  if (scheme === 'https') return httpsTarget(rua);
  if (scheme === 'directory') return directoryTarget(rua.slice(10));
  return undefined;
}

function mailTarget(text: string): Target | undefined {
  const at = text.lastIndexOf('@');
  if (at < 1 || at > 64) return undefined;
  const local = text.slice(0, at);
  const domain = toDomain(text.slice(at + 1));
  if (!LOCAL_PART.test(local) || domain === undefined || !domain.includes('.')) return undefined;
  return { kind: 'mail', address: `${local}@${domain}`, host: domain };
}

function httpsTarget(text: string): Target | undefined {
  if (!/^https:\/\/[^/]/i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const host = toDomain(url.hostname) ?? toAddress(url.hostname);
  if (url.username !== '' || url.password !== '' || host === undefined) return undefined;
  url.hash = '';
  if (host !== url.hostname && !url.hostname.startsWith('[')) url.hostname = host;
  return { kind: 'https', url, host };
}

function directoryTarget(path: string): Target | undefined {
  return path === '' || path.includes('\0') ? undefined : { kind: 'directory', path, host: '' };
}
