import { Random } from './random.ts';
import { makeReceivers, type Receiver, rankOf, zipf } from './receivers.ts';
import { writeLog } from './write-log.ts';

const BEGIN = Date.UTC(2026, 10, 16);
/** Messages a second. */
const RATE = 5.5;
const UNDER_WAY = 12;
const DOMAINS = 1000;
const ID_DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Writes the mainlog of a busy Exim host, stamps in UTC and Debian's log selector: an arrival, a delivery by smtp in
 * two of three messages, mostly with TLS, now and then deferred or refused, and its end. The same bytes for the same
 * size.
 */
export function writeEximLog(path: string, bytes: number): { readonly lines: number } {
  const log = new EximLog();
  return writeLog(path, bytes, () => log.line());
}

class EximLog {
  readonly #random = new Random(2);
  readonly #receivers = makeReceivers(DOMAINS);
  readonly #shares = zipf(DOMAINS);
  /** Of each message under way, its lines without stamps, the next one last. */
  readonly #underWay: string[][] = [];
  #messages = 0;

  line(): string {
    while (this.#underWay.length < UNDER_WAY) this.#underWay.push(this.#message());
    const at = this.#random.below(UNDER_WAY);
    const message = this.#underWay[at] ?? [];
    const text = message.pop() ?? '';
    if (message.length === 0) this.#underWay.splice(at, 1);
    const time = new Date(BEGIN + Math.floor(this.#messages / RATE) * 1000).toISOString();
    return `${time.slice(0, 10)} ${time.slice(11, 19)} ${text}\n`;
  }

  #message(): string[] {
    const random = this.#random;
    this.#messages += 1;
    const id = messageId(this.#messages);
    const from = `user${random.below(5000)}@example.com`;
    const client = `H=client${random.below(400)}.example.com [192.0.2.${random.below(250) + 1}]`;
    const lines = [
      `${id} <= ${from} ${client} P=esmtpsa X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=no A=plain_server:${from} S=${800 + random.below(90_000)} id=${id}.${random.below(1e9)}@example.com`,
      ...(random.next() < 0.74 ? this.#outbound(id) : [this.#inbound(id)]),
    ];
    return lines.reverse();
  }

  #inbound(id: string): string {
    const user = `user${this.#random.below(5000)}`;
    return `${id} => ${user} <${user}@example.com> R=local_user T=maildir_home`;
  }

  #outbound(id: string): string[] {
    const random = this.#random;
    const servers = this.#receivers[rankOf(this.#shares, random.next())];
    const server = servers === undefined ? undefined : random.pick(servers);
    if (server === undefined) return [];
    const to = `user${random.below(100_000)}@${server.domain}`;
    const host = `H=${hostOf(server)}`;
    const tls = tlsOf(server);
    const end = `${id} Completed`;
    const chance = random.next();
    if (chance < 0.94) {
      const reply = `250 2.0.0 Ok: queued as ${random.below(2 ** 31).toString(16)}A1`;
      return [`${id} => ${to} R=dnslookup T=remote_smtp ${host}${tls} C="${reply}"`, end];
    }
    if (chance < 0.98)
      return [
        `${id} ${host} ${server.cipher === undefined ? '' : '[450] '}SMTP error from remote mail server after RCPT TO:<${to}>: 450 4.2.0 Greylisted, try again later`,
        `${id} == ${to} R=dnslookup T=remote_smtp defer (-44) ${host}${tls}: SMTP error from remote mail server after RCPT TO:<${to}>: 450 4.2.0 Greylisted, try again later`,
      ];
    return [
      `${id} ** ${to} R=dnslookup T=remote_smtp ${host}${tls}: SMTP error from remote mail server after RCPT TO:<${to}>: 550 5.1.1 User unknown`,
      end,
    ];
  }
}

/** `name [address]`, out of Postfix's `name[address]:25`. */
function hostOf({ relay }: Receiver): string {
  return relay.replace('[', ' [').replace(/:25$/, '');
}

function tlsOf({ cipher, trust }: Receiver): string {
  if (cipher === undefined) return '';
  const verified = trust === 'Trusted' || trust === 'Verified' ? 'yes' : 'no';
  const suite = cipher.startsWith('TLSv1.3')
    ? 'TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256'
    : 'TLS1.2:ECDHE_SECP256R1__RSA_SHA256__AES_256_GCM:256';
  return ` X=${suite} CV=${verified}`;
}

/** As Exim 4.96 makes them: time, process and fraction in base 62. */
function messageId(number: number): string {
  const digits = (value: number, length: number) => {
    let text = '';
    for (let rest = value; text.length < length; rest = Math.floor(rest / 62))
      text = ID_DIGITS[rest % 62] + text;
    return text;
  };
  const seconds = Math.floor(BEGIN / 1000 + number / RATE);
  return `${digits(seconds, 6)}-${digits(number % 1_000_000, 6)}-${digits(number % 1000, 2)}`;
}
