import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Receiver } from './plan.ts';
import type { Identity } from './receiver.ts';

/** Makes a CA (`ca.pem`) and the certificate each receiver shows, with the openssl program. */
export function makeCertificates(directory: string, receivers: readonly Receiver[]): Map<string, Identity> {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const root = ['-x509', '-days', '30', '-subj', '/CN=Lab Root', '-keyout', 'ca.key', '-out', 'ca.pem'];
  openssl('req', ...newKey, ...root);
  const identities = new Map<string, Identity>();
  for (const { name, certificate } of receivers) {
    const subject = certificate === 'other-name' ? 'other.invalid' : name;
    const alternative = `subjectAltName=DNS:${subject}`;
    const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${subject}`];
    if (certificate === 'self-signed') {
      openssl('req', ...newKey, '-x509', '-days', '30', '-addext', alternative, ...files);
    } else {
      openssl('req', ...newKey, '-addext', alternative, ...files);
      writeFileSync(join(directory, 'extensions'), alternative);
      const sign = ['-req', '-days', '30', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
      openssl('x509', ...sign, '-extfile', 'extensions', '-in', `${name}.pem`, '-out', `${name}.crt`);
      writeFileSync(join(directory, `${name}.pem`), readFileSync(join(directory, `${name}.crt`)));
    }
    identities.set(name, readIdentity(directory, name));
  }
  return identities;
}

/** The key and certificate made before for this host. */
export function readIdentity(directory: string, name: string): Identity {
  return {
    key: readFileSync(join(directory, `${name}.key`), 'utf8'),
    cert: readFileSync(join(directory, `${name}.pem`), 'utf8'),
  };
}
