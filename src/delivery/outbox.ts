import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { Problem } from '../errors.ts';
import type { Ledger, OutboxChange, OutboxRow, OutboxState, StoredReport } from '../ledger/ledger.ts';
import { fileName } from '../report/names.ts';
import type { Witness } from '../witness.ts';
import { MAX_COMPRESSED } from './gzip.ts';
import { type Handover, oneLine } from './handover.ts';
import { INSISTENCE, type Insistence, insist } from './insist.ts';
import { buildParcel } from './parcel.ts';
import { isPast } from './past.ts';
import { nextTime } from './schedule.ts';
import { noteBounce, type Suppression } from './suppression.ts';
import { type Target, toTarget } from './target.ts';
import type { Transports } from './transports.ts';

/** What delivering needs. */
export interface DeliveryDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly config: Config;
  readonly transports: Transports;
  readonly witness?: Witness;
  /** {@link INSISTENCE} if absent. */
  readonly insistence?: Insistence;
}

/** What became of one row. */
export interface Outcome {
  readonly report: StoredReport | undefined;
  readonly rua: string;
  /** `taken`: another process has the row. */
  readonly state: OutboxState | 'taken';
  readonly note: string;
  /** The receiver, or the MTA, could not be reached at all: others due there can wait until then, UTC ms. */
  readonly unreachableUntil?: number;
}

/** While a row is `sending`, nobody else may take it for so long, ms; then its sender is taken for dead. */
const LEASE = 15 * 60_000;

/** An empty message stands for none: a finished row keeps no bytes. */
const NO_MESSAGE = new Uint8Array(0);

/** States in which a row may still be delivered. */
const UNDER_WAY: readonly OutboxState[] = ['due', 'sending', 'retry'];

/**
 * Tries one due row: builds its bytes or takes those of the first try, moves it durably to `sending`, hands over, and
 * notes what came of it. A crash in between leaves `sending`, which is tried again with the same bytes: a report may
 * then come twice, known by its Message-ID and report-id, but is never lost.
 * @param suppressed by rua, those whose time is not over
 */
export async function attempt(
  deps: DeliveryDeps,
  row: OutboxRow,
  suppressed: ReadonlyMap<string, Suppression>,
): Promise<Outcome> {
  const report = await deps.ledger.reportById(row.reportId);
  const target = toTarget(row.rua);
  if (report === undefined || target === undefined)
    return close(deps, row, report, row.state, 'given-up', 'the report or its address is gone');
  const barred = await whyNot(deps, row, report, suppressed);
  if (barred !== undefined) {
    await deps.ledger.moveOutbox(row.id, row.state, barred);
    return {
      report,
      rua: row.rua,
      state: barred.state ?? row.state,
      note: barred.lastResult ?? 'waits its turn',
    };
  }
  return sendRow(deps, row, report, target);
}

async function sendRow(
  deps: DeliveryDeps,
  row: OutboxRow,
  report: StoredReport,
  target: Target,
): Promise<Outcome> {
  const now = deps.clock.now();
  const known = row.message !== undefined && row.message.length > 0 ? row.message : undefined;
  const message = known ?? (await buildOrExplain(deps, report, row, target));
  if (typeof message === 'string') return close(deps, row, report, row.state, 'given-up', message);
  const sending = {
    state: 'sending',
    attempts: row.attempts + 1,
    firstTriedAt: row.firstTriedAt ?? now,
    lastTriedAt: now,
    notBefore: now + LEASE,
    ...(known === undefined && { message }),
  } as const;
  if (!(await deps.ledger.moveOutbox(row.id, row.state, sending, row.attempts)))
    return { report, rua: row.rua, state: 'taken', note: 'another process sends it' };
  const handover = await handOver(deps, report, target, message);
  return settle(deps, { ...row, ...sending }, report, handover);
}

/** The bytes, or why there are none: a report that cannot be read must not stop those behind it. */
async function buildOrExplain(
  { ledger, transports, clock }: DeliveryDeps,
  report: StoredReport,
  row: OutboxRow,
  target: Target,
): Promise<Uint8Array | string> {
  try {
    return await buildParcel({ ledger, setup: transports.setup }, report, row, target, clock.now());
  } catch (error) {
    if (error instanceof Problem) throw error;
    return oneLine(`it could not be built: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What keeps a row from being tried now. */
async function whyNot(
  { ledger, clock, config }: DeliveryDeps,
  row: OutboxRow,
  { day }: StoredReport,
  suppressed: ReadonlyMap<string, Suppression>,
): Promise<OutboxChange | undefined> {
  if (isPast(row, day, clock.now(), config.delivery))
    return { state: 'held', lastResult: 'its day ended too long ago (delivery.max-age)' };
  const bounced = suppressed.get(row.rua);
  if (bounced !== undefined)
    return { state: 'suppressed', lastResult: `reports to it came back, ${bounced.bounces} so far` };
  if (config.delivery.rua !== 'first' || isDirectory(row)) return undefined;
  const siblings = (await ledger.outbox({ reportId: row.reportId })).filter((one) => !isDirectory(one));
  const taken = siblings.find(({ state }) => state === 'sent');
  if (taken !== undefined) return { state: 'suppressed', lastResult: `${taken.rua} took it` };
  const ahead = siblings.find(({ id, state }) => id < row.id && UNDER_WAY.includes(state));
  if (ahead === undefined) return undefined;
  return { notBefore: Math.max(ahead.notBefore + 1, clock.now() + 60_000) };
}

function isDirectory({ rua }: OutboxRow): boolean {
  return rua.startsWith('directory:');
}

async function handOver(
  { transports }: DeliveryDeps,
  report: StoredReport,
  target: Target,
  message: Uint8Array,
): Promise<Handover> {
  if (message.byteLength > MAX_COMPRESSED * (target.kind === 'mail' ? 1.4 : 1))
    return { kind: 'permanent', reason: 'it is larger than 10 MB, which receivers refuse' };
  const { setup, mail } = transports;
  switch (target.kind) {
    case 'mail':
      return mail.send({ from: setup.from, to: target.address, message });
    case 'https':
      return transports.post(target.url, message);
    case 'directory':
      return transports.write(target.path, fileName({ ...report, submitter: setup.submitter }), message);
  }
}

/** Notes what came of it, however long the ledger is away: nobody else knows. */
async function settle(
  deps: DeliveryDeps,
  row: OutboxRow & { readonly firstTriedAt: number },
  report: StoredReport,
  handover: Handover,
): Promise<Outcome> {
  const { ledger, clock, config, insistence = INSISTENCE } = deps;
  const now = clock.now();
  const change = verdict(row, handover, now, config.delivery['retry-for']);
  await insist(insistence, async () => {
    if (handover.kind === 'permanent' && handover.bounced === true) await noteBounce(ledger, row.rua, now);
    await ledger.moveOutbox(row.id, 'sending', change, row.attempts);
  });
  const { state, lastResult, notBefore } = change;
  const unreachable = handover.kind === 'temporary' && handover.unreachable === true;
  return {
    report,
    rua: row.rua,
    state,
    note: lastResult,
    ...(unreachable && notBefore !== undefined && { unreachableUntil: notBefore }),
  };
}

/** What a row becomes by what the receiver said. */
function verdict(
  row: OutboxRow & { readonly firstTriedAt: number },
  handover: Handover,
  now: number,
  retryFor: number,
): OutboxChange & { readonly state: OutboxState; readonly lastResult: string } {
  if (handover.kind === 'sent') return atEnd('sent', handover.note);
  if (handover.kind === 'permanent') return atEnd('given-up', handover.reason);
  const { reason, retryAfter } = handover;
  const notBefore = nextTime({ ...row, now, retryFor, ...(retryAfter !== undefined && { retryAfter }) });
  if (notBefore !== undefined) return { state: 'retry', notBefore, lastResult: reason };
  return atEnd('given-up', `given up after ${Math.round(retryFor / 3_600_000)} h: ${reason}`);
}

function atEnd(state: OutboxState, lastResult: string) {
  return { state, lastResult, message: NO_MESSAGE };
}

async function close(
  deps: DeliveryDeps,
  row: OutboxRow,
  report: StoredReport | undefined,
  from: OutboxState,
  state: OutboxState,
  note: string,
): Promise<Outcome> {
  await deps.ledger.moveOutbox(row.id, from, atEnd(state, note), row.attempts);
  return { report, rua: row.rua, state, note };
}
