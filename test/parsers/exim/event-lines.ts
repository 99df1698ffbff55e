import { MX1, OK, ROUTE, X } from './reading.ts';

const CIPHER = 'TLS1.3:TLS_AES_256_GCM_SHA384:256';

/** A line of the snippet, as Exim writes it, with these fields changed. */
export function event(name: string, changed: Readonly<Record<string, string>> = {}): string {
  const fields = {
    host: 'mx1.example.org',
    ip: '192.0.2.10',
    from: '198.51.100.7',
    port: '4711',
    domain: 'example.org',
    transport: 'remote_smtp',
    starttls: 'no',
    cipher: '""',
    cv: '0',
    dane: 'no',
    resumed: '0',
    errno: '0',
    text: '""',
    ...changed,
  };
  const texts = Object.entries(fields).map(([field, value]) => `${field}=${value}`);
  return `tlsrpt-event/1 ${name} ${texts.join(' ')}`;
}

export type Fields = Readonly<Record<string, string>>;
export const hello = (fields: Fields = {}) => event('smtp:ehlo', { starttls: 'yes', ...fields });
export const inside = (fields: Fields = {}) =>
  event('smtp:ehlo', { cipher: `"${CIPHER}"`, cv: '1', ...fields });
export const close = (fields: Fields = {}) => event('tcp:close', fields);
export const defer = (text: string, fields: Fields = {}) =>
  event('msg:host:defer', { errno: '-37', text: `"${text}"`, ...fields });
export const HOST0: Fields = { host: 'mx0.example.org', ip: '192.0.2.9', port: '4710' };
export const delivered = (to: string, host = MX1, fields = `${X} CV=yes`) =>
  `=> ${to} ${ROUTE} ${host} ${fields} ${OK}`;
