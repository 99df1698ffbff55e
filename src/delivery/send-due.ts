import { dayOf } from '../day.ts';
import type { OutboxRow } from '../ledger/ledger.ts';
import { HostQuota } from './host-quota.ts';
import { Lanes } from './lanes.ts';
import { attempt, type DeliveryDeps, type Outcome } from './outbox.ts';
import { activeSuppressions, type Suppression } from './suppression.ts';
import { toTarget } from './target.ts';

/** What one pass over the outbox did, in rows. */
export interface SendSummary {
  readonly sent: number;
  /** Will be tried again. */
  readonly retry: number;
  readonly givenUp: number;
  readonly suppressed: number;
  /** Beyond the day's share of their host. */
  readonly held: number;
  /** Held too: their day ended too long ago, and nobody had tried to send them (`delivery.max-age`). */
  readonly tooOld: number;
  /** Left for a later pass without a try: their receiver was not reached just now, or is slow. */
  readonly putOff: number;
}

/** Who is told of a pass of deliveries, and who ends it. */
export interface SendOptions {
  /** Told of every row that was tried. */
  readonly onOutcome?: (outcome: Outcome) => void;
  /** Ends the pass early; what is under way is finished. */
  readonly signal?: AbortSignal;
}

/** Connections at a time over all receivers. */
const PLACES = 32;
/** To one https receiver, once it took something; before that, one. */
const PER_HOST = 4;
const PAGE = 64;
/** Rows waiting in memory. */
const WINDOW = 256;
/** When nothing ends for so long, ms, while places are free, the longest lane makes room. */
const STALL = 2000;
/** What made room waits so long, ms. */
const PUT_OFF = 10 * 60_000;
/** Outcomes of rows that somebody was asked to take. */
const TRIED: ReadonlySet<Outcome['state']> = new Set(['sent', 'retry', 'given-up']);
/** One lane for all mail: every one of them goes to the same MTA. */
const MAIL_LANE = 'mail';

/**
 * Delivers what is due now; every row is tried at most once. Several of these may run at the same time.
 * @throws Problem of the ledger; a receiver's trouble is never raised
 */
export async function sendDue(deps: DeliveryDeps, options: SendOptions = {}): Promise<SendSummary> {
  const now = deps.clock.now();
  const quota = await HostQuota.load(deps.ledger, dayOf(now), deps.config.delivery['max-per-host']);
  const pass = new SendPass(deps, options, quota, await activeSuppressions(deps.ledger, now));
  try {
    await pass.run();
  } finally {
    await pass.end();
  }
  return pass.summary;
}

class SendPass {
  readonly summary = { sent: 0, retry: 0, givenUp: 0, suppressed: 0, held: 0, tooOld: 0, putOff: 0 };
  readonly #deps: DeliveryDeps;
  readonly #options: SendOptions;
  readonly #quota: HostQuota;
  readonly #suppressed: ReadonlyMap<string, Suppression>;
  readonly #lanes: Lanes;
  readonly #seen = new Set<number>();
  #tried = 0;
  readonly #waiting = new Map<number, { readonly row: OutboxRow; readonly lane: string }>();
  readonly #alive = new Set<string>();
  /** Lanes nothing more goes to in this pass, and until when their rows wait. */
  readonly #shut = new Map<string, number>();

  constructor(
    deps: DeliveryDeps,
    options: SendOptions,
    quota: HostQuota,
    suppressed: ReadonlyMap<string, Suppression>,
  ) {
    this.#deps = deps;
    this.#options = options;
    this.#quota = quota;
    this.#suppressed = suppressed;
    this.#lanes = new Lanes(PLACES, (lane) => this.#width(lane));
  }

  async run(): Promise<void> {
    let more = true;
    while ((more || !this.#lanes.idle) && this.#options.signal?.aborted !== true) {
      if (more && this.#lanes.waiting < WINDOW / 2) more = await this.#fill();
      else if (more && this.#lanes.hasFreePlaces) await this.#makeRoom();
      else await this.#lanes.next();
    }
  }

  /** Lets what is under way end, whatever became of the rest; what waits stays due. */
  async end(): Promise<void> {
    this.#lanes.takeBack();
    try {
      await this.#lanes.settle();
    } finally {
      await this.#quota.save();
    }
  }

  #width(lane: string): number {
    if (lane === MAIL_LANE) return this.#deps.config.mail.connections;
    return this.#alive.has(lane) ? PER_HOST : 1;
  }

  /** Queues the next page of due rows; false when there are none that this pass has not seen. */
  async #fill(): Promise<boolean> {
    const { ledger, clock } = this.#deps;
    const due = await ledger.dueOutbox(clock.now(), this.#waiting.size + PLACES + PAGE);
    const fresh = due.filter(({ id }) => !this.#seen.has(id));
    for (const row of fresh) {
      this.#seen.add(row.id);
      await this.#queue(row);
    }
    return fresh.length > 0;
  }

  async #queue(row: OutboxRow): Promise<void> {
    const target = toTarget(row.rua);
    const lane = target?.kind === 'mail' ? MAIL_LANE : `${target?.kind} ${target?.host}`;
    const shutUntil = this.#shut.get(lane);
    if (shutUntil !== undefined) return this.#putOff(row, shutUntil);
    this.#waiting.set(row.id, { row, lane });
    this.#lanes.push(lane, () => this.#try(row, lane, target?.host ?? ''));
  }

  async #try(row: OutboxRow, lane: string, host: string): Promise<void> {
    this.#waiting.delete(row.id);
    const shutUntil = this.#shut.get(lane);
    if (shutUntil !== undefined) return this.#putOff(row, shutUntil);
    // A retry was counted when it was tried first; a directory is ours.
    const counts = row.attempts === 0 && host !== '';
    if (counts && !this.#quota.take(host)) return this.#hold(row, host);
    this.#deps.witness?.tell?.(`outbox: ${row.rua}: try ${row.attempts + 1}`);
    const outcome = await attempt(this.#deps, row, this.#suppressed);
    if (counts && !TRIED.has(outcome.state)) this.#quota.giveBack(host);
    await this.#quota.saveNowAndThen();
    if (outcome.state === 'sent') this.#alive.add(lane);
    if (outcome.unreachableUntil !== undefined) this.#shut.set(lane, outcome.unreachableUntil);
    this.#count(outcome);
    this.#tried++;
    this.#deps.witness?.step?.('deliveries', this.#tried);
    // A whole day is held at once: that is said in one line.
    if (outcome.state !== 'held') this.#options.onOutcome?.(outcome);
  }

  #count({ state }: Outcome): void {
    if (state === 'sent') this.summary.sent++;
    else if (state === 'retry') this.summary.retry++;
    else if (state === 'given-up') this.summary.givenUp++;
    else if (state === 'suppressed') this.summary.suppressed++;
    else if (state === 'held') this.summary.tooOld++;
  }

  /** The window is full of lanes that are busy: where nothing moves, the longest gives its room to others. */
  async #makeRoom(): Promise<void> {
    if (await this.#lanes.next(STALL)) return;
    const lane = this.#lanes.longest();
    if (lane === undefined) return;
    const until = this.#deps.clock.now() + PUT_OFF;
    this.#shut.set(lane, until);
    this.#lanes.takeBack(lane);
    for (const { row } of [...this.#waiting.values()].filter((one) => one.lane === lane)) {
      this.#waiting.delete(row.id);
      await this.#putOff(row, until);
    }
  }

  async #putOff(row: OutboxRow, until: number): Promise<void> {
    this.summary.putOff++;
    this.#deps.witness?.tell?.(`outbox: ${row.rua} waits, its receiver is slow or not there`);
    await this.#deps.ledger.moveOutbox(row.id, row.state, { notBefore: until });
  }

  async #hold(row: OutboxRow, host: string): Promise<void> {
    this.summary.held++;
    const lastResult = `${host} has had its share of reports today (delivery.max-per-host)`;
    await this.#deps.ledger.moveOutbox(row.id, row.state, { state: 'held', lastResult });
  }
}
