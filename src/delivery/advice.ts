import type { ResultType } from '../result-type.ts';

/** What a result type means to the postmaster who receives the report, and what to do about it. */
export interface Advice {
  readonly meaning: string;
  readonly remedy: string;
}

/** RFC 8460 §4.3, in words for people. */
export const ADVICE: Readonly<Record<ResultType, Advice>> = {
  'starttls-not-supported': {
    meaning: 'the mail host did not offer STARTTLS, or refused it',
    remedy: 'Switch TLS on for incoming mail; look for a firewall that strips STARTTLS.',
  },
  'certificate-host-mismatch': {
    meaning: 'the certificate does not name the mail host your policy asks for',
    remedy: 'Give the mail host a certificate with its MX name, or correct the mx lines of the policy.',
  },
  'certificate-expired': {
    meaning: 'the certificate of the mail host had expired',
    remedy: 'Renew the certificate, and make the mail server load it.',
  },
  'certificate-not-trusted': {
    meaning: 'the certificate of the mail host did not lead to a trusted authority',
    remedy: 'Serve the whole chain with its intermediate certificates, from a public authority.',
  },
  'validation-failure': {
    meaning: 'the TLS handshake failed',
    remedy: 'See the reason, if one is given, and the log of the mail host; TLS 1.2 or newer is needed.',
  },
  'tlsa-invalid': {
    meaning: 'no TLSA record fits the certificate of the mail host',
    remedy: 'Publish TLSA records of the certificate in use; on renewal, publish the new one first.',
  },
  'dnssec-invalid': {
    meaning: 'DNSSEC could not be validated for the mail host',
    remedy: 'Check signatures and DS records of the zones of your domain and of the mail host.',
  },
  'dane-required': {
    meaning: 'DANE was required, but the mail host has no TLSA records that DNSSEC secures',
    remedy: 'Publish signed TLSA records for every mail host.',
  },
  'sts-policy-fetch-error': {
    meaning: 'the MTA-STS policy could not be fetched',
    remedy:
      'See that https://mta-sts.<domain>/.well-known/mta-sts.txt answers with status 200 and no redirect.',
  },
  'sts-policy-invalid': {
    meaning: 'the MTA-STS policy is not well-formed',
    remedy: 'It needs version, mode, max_age and at least one mx, each on a line of its own.',
  },
  'sts-webpki-invalid': {
    meaning: 'the certificate of the policy host is not valid for its name',
    remedy: 'Renew or replace the certificate of mta-sts.<domain>.',
  },
};
