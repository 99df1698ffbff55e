import { Random } from './random.ts';
import { makeReceivers, type Receiver, rankOf, zipf } from './receivers.ts';
import { writeLog } from './write-log.ts';

/** 2026-11-16 00:00:00 UTC, a Monday. */
const BEGIN = Date.UTC(2026, 10, 16);
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Messages a second: 512 MiB are about a day. */
const RATE = 5.5;
/** Messages under way at a time, whose lines interleave. */
const UNDER_WAY = 12;
const DOMAINS = 1000;
/** Messages that go out by smtp(8); the others stay here. */
const OUTBOUND = 0.74;
const HOST = 'mail7';

/** A message under way: its lines without stamp and host, the next one last. */
interface Message {
  readonly lines: string[];
  readonly pid: number;
}

/**
 * Writes the log of a busy Postfix host, classic stamps in UTC: seven lines a message, about one in five of smtp(8),
 * of which most are pairs of a TLS summary and its delivery. The same bytes for the same size.
 */
export function writeBusyLog(path: string, bytes: number): { readonly lines: number } {
  const log = new BusyLog();
  return writeLog(path, bytes, () => log.line());
}

class BusyLog {
  readonly #random = new Random(1);
  readonly #receivers = makeReceivers(DOMAINS);
  readonly #shares = zipf(DOMAINS);
  readonly #underWay: Message[] = [];
  /** smtp processes that have nothing to do. */
  readonly #idle: number[] = Array.from({ length: UNDER_WAY * 2 }, (_, n) => 20_000 + n * 37);
  #messages = 0;
  #second = -1;
  #head = '';

  line(): string {
    const random = this.#random;
    while (this.#underWay.length < UNDER_WAY) this.#underWay.push(this.#message());
    const at = random.below(UNDER_WAY);
    const message = this.#underWay[at];
    const text = message?.lines.pop() ?? '';
    if (message !== undefined && message.lines.length === 0) {
      this.#underWay.splice(at, 1);
      this.#release(message.pid);
    }
    return `${this.#stamp()}${text}\n`;
  }

  /** Processes serve up to a hundred messages, then another pid takes their place (max_use). */
  #release(pid: number): void {
    this.#idle.unshift(this.#random.next() < 0.01 ? 10_000 + this.#random.below(50_000) : pid);
  }

  #stamp(): string {
    const second = Math.floor(this.#messages / RATE);
    if (second !== this.#second) {
      this.#second = second;
      const time = new Date(BEGIN + second * 1000);
      const clock = time.toISOString().slice(11, 19);
      this.#head = `${MONTHS[time.getUTCMonth()]} ${String(time.getUTCDate()).padStart(2)} ${clock} ${HOST} `;
    }
    return this.#head;
  }

  #message(): Message {
    const random = this.#random;
    this.#messages += 1;
    const id = queueId(this.#messages, random);
    const pid = this.#idle.pop() ?? 9999;
    const smtpd = 3000 + random.below(60);
    const client = `client${random.below(400)}.example.com[192.0.2.${random.below(250) + 1}]`;
    const sender = `user${random.below(5000)}@example.com`;
    const outbound = random.next() < OUTBOUND;
    const delivery = outbound ? this.#outbound(id, pid) : this.#inbound(id);
    const lines = [
      `postfix/smtpd[${smtpd}]: connect from ${client}`,
      `postfix/smtpd[${smtpd}]: ${id}: client=${client}, sasl_method=PLAIN, sasl_username=${sender}`,
      `postfix/cleanup[${4000 + random.below(40)}]: ${id}: message-id=<${id}.${random.below(1e9)}@example.com>`,
      `postfix/qmgr[977]: ${id}: from=<${sender}>, size=${800 + random.below(90_000)}, nrcpt=1 (queue active)`,
      ...delivery,
      `postfix/qmgr[977]: ${id}: removed`,
      ...(outbound && delivery.length > 1 ? [] : [disconnect(smtpd, client)]),
    ];
    return { lines: lines.reverse(), pid };
  }

  #inbound(id: string): string[] {
    const random = this.#random;
    const to = `user${random.below(5000)}@example.com`;
    return [
      `postfix/lmtp[${5000 + random.below(20)}]: ${id}: to=<${to}>, relay=mail7.example.com[private/dovecot-lmtp], delay=0.${random.below(90) + 10}, delays=0.05/0/0.01/0.1, dsn=2.0.0, status=sent (250 2.0.0 <${to}> ${id} Saved)`,
    ];
  }

  /** The lines of smtp(8): now and then a server cannot be reached, or its certificate does not do. */
  #outbound(id: string, pid: number): string[] {
    const random = this.#random;
    const servers = this.#receivers[rankOf(this.#shares, random.next())];
    const server = servers === undefined ? undefined : random.pick(servers);
    if (server === undefined) return [];
    const tag = `postfix/smtp[${pid}]: `;
    const lines: string[] = [];
    if (random.next() < 0.03) lines.push(`${tag}connect to ${server.relay}: Connection timed out`);
    if (server.cipher !== undefined) {
      if (server.trust === 'Untrusted' && random.next() < 0.15)
        lines.push(
          `${tag}certificate verification failed for ${server.relay}: untrusted issuer /CN=Example CA`,
        );
      lines.push(`${tag}${server.trust} TLS connection established to ${server.relay}: ${server.cipher}`);
    }
    lines.push(`${tag}${id}: ${this.#verdict(server)}`);
    return lines;
  }

  #verdict({ domain, relay }: Receiver): string {
    const random = this.#random;
    const delays = `0.${random.below(90) + 10}/0.01/0.${random.below(90) + 10}/0.${random.below(90) + 10}`;
    const to = `to=<user${random.below(100_000)}@${domain}>, relay=${relay}, delay=${(random.below(300) + 20) / 100}, delays=${delays}`;
    const chance = random.next();
    if (chance < 0.94)
      return `${to}, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ${random
        .below(2 ** 31)
        .toString(16)
        .toUpperCase()}A1)`;
    const peer = relay.slice(0, -3);
    if (chance < 0.98)
      return `${to}, dsn=4.2.0, status=deferred (host ${peer} said: 450 4.2.0 Greylisted, try again later (in reply to RCPT TO command))`;
    return `${to}, dsn=5.1.1, status=bounced (host ${peer} said: 550 5.1.1 User unknown (in reply to RCPT TO command))`;
  }
}

function disconnect(smtpd: number, client: string): string {
  return `postfix/smtpd[${smtpd}]: disconnect from ${client} ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 data=1 quit=1 commands=8`;
}

const CONSONANTS = '0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxy';

/** A long queue id (2.9+): ten digits and consonants, `z`, the inode. */
function queueId(number: number, random: Random): string {
  let id = '4d';
  for (let rest = number, place = 0; place < 8; place++) {
    id += CONSONANTS[rest % CONSONANTS.length];
    rest = Math.floor(rest / CONSONANTS.length) + 7;
  }
  return `${id}z${CONSONANTS[random.below(40)]}${CONSONANTS[random.below(40)]}`;
}
