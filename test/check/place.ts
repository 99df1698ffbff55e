import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ownAccess } from '../../src/check/access.ts';
import type { CheckDeps } from '../../src/check/deps.ts';
import { examine } from '../../src/check/doctor.ts';
import type { Finding } from '../../src/check/finding.ts';
import { fixedClock } from '../../src/clock.ts';
import { parseConfig } from '../../src/config/file.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { createResolver } from '../../src/policy/dns-client.ts';
import { type Ask, askLocalMta } from '../../src/policy/local-mta.ts';
import { makePlace, type Place, SAMPLE_LOG } from '../cli/place.ts';
import { FLAGS, replyTo, type ScriptedDns, scriptedDns } from '../policy/scripted-dns.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../receivers/smtp.ts';

/** The last line of the sample log is of this minute. */
export const LOGGED = Date.parse('2026-11-23T19:32:09Z');
export const NOW = LOGGED + 600_000;

/** `postconf -x` of Debian's Postfix 3.7.11 with what the guide tells to set. */
const POSTCONF: Readonly<Record<string, string>> = {
  mail_version: '3.7.11',
  smtp_tls_security_level: 'may',
  smtp_dns_support_level: '',
  smtp_tls_policy_maps: '',
  smtp_tls_dane_insecure_mx_policy: 'may',
  smtp_tls_loglevel: '1',
  relayhost: '',
  smtp_fallback_relay: '',
  smtp_bind_address: '',
  smtp_bind_address6: '',
  smtp_use_tls: 'no',
  smtp_tls_CAfile: '',
  smtp_tls_CApath: '/etc/ssl/certs',
  tls_append_default_CA: 'no',
  maillog_file: '',
};

/** A host on which all is well, for tests to break one thing at a time. */
export interface Host {
  readonly place: Place;
  /** The text of the config; what is put here is parsed anew. */
  config: string;
  readonly postconf: Record<string, string>;
  /** Answers of other programs, by their name. */
  readonly programs: Map<string, string>;
  /** The programs that answer root, but not the user of the unit. */
  readonly barred: Set<string>;
  /** TXT strings by name; MX stands at every name unless it is in `noMail`. */
  readonly txt: Map<string, readonly string[]>;
  readonly noMail: Set<string>;
  readonly dns: { validates: boolean; silent: boolean };
  readonly log: string;
  readonly key: string;
  now: number;
  /** Answers as the programs of this host. */
  readonly ask: Ask;
  examine(change?: Partial<CheckDeps>): Promise<readonly Finding[]>;
  /** Writes a file below the root that stands in for the host's. */
  file(path: string, text: string): Promise<void>;
  close(): Promise<void>;
}

export async function healthyHost(): Promise<Host> {
  const place = await makePlace();
  const smtp = await startSmtpReceiver();
  const { key, record } = await makeKey(place);
  const log = await place.write('mail.log', await readFile(SAMPLE_LOG));
  await utimes(log, LOGGED / 1000, LOGGED / 1000);
  const txt = new Map<string, readonly string[]>([
    ['tlsrpt._domainkey.reports.example', [record]],
    ['reports.example', ['v=spf1 mx -all']],
    ['_dmarc.reports.example', ['v=DMARC1; p=reject']],
    ['_smtp._tls.reports.example', ['v=TLSRPTv1; rua=mailto:tls-reports@reports.example']],
  ]);
  const host = new TestHost(place, smtp, txt, log, key);
  await host.enableTimer();
  await host.startDns();
  return host;
}

/** Made once: it takes long. */
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

async function makeKey(place: Place): Promise<{ key: string; record: string }> {
  const key = await place.write('dkim.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  await chmod(key, 0o640);
  const der = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return { key, record: `v=DKIM1; k=rsa; p=${der.toString('base64')}` };
}

/** A TXT string holds 255 bytes at most; a record may have several (RFC 1035 §3.3.14). */
function inPieces(text: string): string[] {
  return text.match(/[\s\S]{1,255}/g) ?? [''];
}

class TestHost implements Host {
  readonly place: Place;
  config: string;
  readonly postconf = { ...POSTCONF };
  readonly programs = new Map([['timedatectl', 'yes\n']]);
  readonly barred = new Set<string>();
  readonly txt: Map<string, readonly string[]>;
  readonly noMail = new Set<string>();
  readonly dns = { validates: true, silent: false };
  readonly log: string;
  readonly key: string;
  now = NOW;
  readonly #smtp: SmtpReceiver;
  #server: ScriptedDns | undefined;

  constructor(
    place: Place,
    smtp: SmtpReceiver,
    txt: Map<string, readonly string[]>,
    log: string,
    key: string,
  ) {
    this.place = place;
    this.txt = txt;
    this.log = log;
    this.key = key;
    this.#smtp = smtp;
    this.config = `organization: Reports Inc.
contact: tls@reports.example
state: ${place.path('state')}
logs:
  - {path: ${log}, timezone: UTC, relayhosts: ["[mx.route.test]:2525"]}
mail:
  via: smtp://127.0.0.1:${smtp.port}
  dkim: {domain: reports.example, selector: tlsrpt, key: ${key}}
`;
  }

  async enableTimer(): Promise<void> {
    await this.file('etc/systemd/system/timers.target.wants/maillog-tlsrpt.timer', '');
  }

  async file(path: string, text: string): Promise<void> {
    const whole = join(this.place.path('root'), path);
    await mkdir(dirname(whole), { recursive: true });
    await writeFile(whole, text);
  }

  async startDns(): Promise<void> {
    this.#server = await scriptedDns((seen) => {
      if (this.dns.silent) return [];
      const flags = this.dns.validates ? FLAGS.authentic : 0;
      const common = { type: 'response' as const, flags };
      const { name, type } = seen;
      if (type === 'TXT') {
        const strings = this.txt.get(name.toLowerCase());
        if (strings === undefined) return [replyTo(seen, { ...common, rcode: 3 })];
        const answers = strings.map((data) => ({
          type: 'TXT' as const,
          name,
          ttl: 60,
          data: inPieces(data),
        }));
        return [replyTo(seen, { ...common, answers })];
      }
      if (type !== 'MX' || this.noMail.has(name)) return [replyTo(seen, { ...common, rcode: 3 })];
      const data = { preference: 10, exchange: `mx.${name}` };
      return [replyTo(seen, { ...common, answers: [{ type: 'MX', name, ttl: 60, data }] })];
    });
  }

  readonly ask: Ask = async (program, args) => {
    if (program !== 'postconf') return this.programs.get(program);
    const names = args.filter((word) => !word.startsWith('-'));
    const known = names.filter((name) => this.postconf[name] !== undefined);
    return known.map((name) => `${name} = ${this.postconf[name]}\n`).join('');
  };

  async examine(change: Partial<CheckDeps> = {}): Promise<readonly Finding[]> {
    const configPath = await this.place.write('config.yaml', this.config);
    const age = Math.min(this.now, NOW) / 1000 - 3600;
    if (change.clock === undefined) await utimes(configPath, age, age);
    const config = parseConfig(this.config, configPath);
    const clock = fixedClock(this.now);
    const { address, port } = this.#server ?? { address: '127.0.0.1', port: 9 };
    const servers = [{ address, port, trusted: true }];
    const ledger = await openLedger(config.state).catch((error: Error) => error);
    try {
      return await examine({
        config,
        configPath,
        directory: this.place.directory,
        clock,
        host: 'mta1',
        resolver: createResolver({ servers, clock, timeoutMs: 200 }),
        servers,
        local: await askLocalMta(this.ask),
        ask: this.ask,
        access: ownAccess(async (program, args) =>
          this.barred.has(program) ? undefined : this.ask(program, args),
        ),
        ledger,
        root: this.place.path('root'),
        ...change,
      });
    } finally {
      if (!(ledger instanceof Error)) await ledger.close();
    }
  }

  async close(): Promise<void> {
    await this.#server?.close();
    await this.#smtp.close();
    await this.place.remove();
  }
}
