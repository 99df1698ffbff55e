import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** A certificate authority of the test's own, made by the openssl program. */
export interface TestCa {
  /** The root, PEM. */
  readonly root: string;
  /** A certificate for the name, signed by the root; `days` may be negative: then it has expired. */
  issue(name: string, validity?: { readonly from: string; readonly to: string }): KeyPair;
  /** One that nobody signed but itself. */
  selfSigned(name: string): KeyPair;
  remove(): void;
}

/** `YYYYMMDDHHMMSSZ`, days from now. */
export function asn1Time(days: number): string {
  const iso = new Date(Date.now() + days * 86_400_000).toISOString();
  return `${iso.slice(0, 19).replace(/[-:T]/g, '')}Z`;
}

export function createTestCa(): TestCa {
  const directory = mkdtempSync(join(tmpdir(), 'maillog-tlsrpt-ca-'));
  const path = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  writeFileSync(path('index'), '');
  writeFileSync(path('serial'), '1000\n');
  writeFileSync(path('ca.cnf'), CA_CONFIG);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '30',
    '-subj',
    '/CN=Test root',
  );
  let serial = 0;
  return {
    root: readFileSync(path('ca.pem'), 'utf8'),
    issue(name, validity = { from: asn1Time(-1), to: asn1Time(10) }) {
      const id = `c${++serial}`;
      openssl('req', '-new', ...newKey, '-keyout', `${id}.key`, '-out', `${id}.csr`, '-subj', `/CN=${id}`);
      writeFileSync(path(`${id}.ext`), `subjectAltName=DNS:${name}\nextendedKeyUsage=serverAuth\n`);
      const files = ['-in', `${id}.csr`, '-out', `${id}.pem`, '-extfile', `${id}.ext`];
      const dates = ['-startdate', validity.from, '-enddate', validity.to];
      openssl('ca', '-batch', '-notext', '-config', 'ca.cnf', ...files, ...dates);
      return { key: readFileSync(path(`${id}.key`), 'utf8'), cert: readFileSync(path(`${id}.pem`), 'utf8') };
    },
    selfSigned(name) {
      const id = `s${++serial}`;
      const about = ['-days', '10', '-subj', `/CN=${id}`, '-addext', `subjectAltName=DNS:${name}`];
      openssl('req', '-x509', ...newKey, '-keyout', `${id}.key`, '-out', `${id}.pem`, ...about);
      return { key: readFileSync(path(`${id}.key`), 'utf8'), cert: readFileSync(path(`${id}.pem`), 'utf8') };
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

const CA_CONFIG = `[ca]
default_ca = own
[own]
database = index
new_certs_dir = .
serial = serial
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
`;
