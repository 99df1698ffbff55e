import type { Context } from './context.ts';
import { closeCutthroughs, noteDelivery } from './deliveries.ts';
import { type DeliveryLine, hasFlag, isDiscarded, readDeliveryLine } from './delivery-line.ts';
import { EVENT_MARK, readEventLine } from './event-line.ts';
import { expectFallback, isToldByEvents, noteEvent, settleAll } from './events.ts';
import type { Facts } from './facts.ts';
import { type FailureLine, readFailureLine } from './failure-lines.ts';
import { dropDoubts, flushDoubt, flushPending, noteDoubt, noteFailure } from './failures.ts';
import type { RuleName } from './rules.ts';

/** Texts that are about TLS to a reader’s eye: whichever of them no rule knows is counted unknown. */
const ABOUT_TLS = /^(?:H=\S+ \[[^\]\s]+\](?::\d{1,5})? |\[[^\]\s]+\] )?(?:TLS |SSL |DANE |STARTTLS)/;

/** What came of a line: its rule, and whether with it the log shows TLS for the first time. */
export interface Reading {
  readonly rule: RuleName;
  readonly showsTls: boolean;
}

/** Reads the text behind the id of an outbound message. */
export function readText(context: Context, text: string, facts: Facts): Reading {
  if (hasFlag(text)) {
    const line = readDeliveryLine(text);
    if (line !== undefined) return takeDelivery(context, line, facts);
    return { rule: isDiscarded(text) ? 'delivery-local' : 'unknown', showsTls: false };
  }
  if (text.startsWith(EVENT_MARK)) {
    const event = readEventLine(text);
    if (event === undefined) return { rule: 'unknown', showsTls: false };
    facts.noteEvent();
    return { rule: noteEvent(context, event), showsTls: false };
  }
  const failure = readFailureLine(text);
  if (failure !== undefined) {
    if (failure.is === 'failure' && failure.fallback) facts.noteFallback();
    return { rule: noteLine(context, failure), showsTls: false };
  }
  return { rule: ABOUT_TLS.test(text) ? 'unknown' : 'other', showsTls: false };
}

/** Takes a delivery line into the message and into what the log has shown. */
export function takeDelivery(context: Context, line: DeliveryLine, facts: Facts): Reading {
  const showsTls = facts.noteDelivery(line, context.settings);
  return { rule: noteDelivery(context, line), showsTls };
}

function noteLine(context: Context, line: FailureLine): RuleName {
  if (line.is === 'note') return line.rule;
  if (line.is === 'unusable') {
    context.state.unusable = Math.min(context.state.unusable + 1, 20);
    return line.rule;
  }
  const { ip, name } = line.receiver;
  if (!context.settings.scope.admits('', name ?? '', ip)) return 'failure-out-of-scope';
  if (line.is === 'passed') {
    dropDoubts(context, ip);
    return line.rule;
  }
  if (line.is === 'doubt') return noteDoubt(context, line);
  if (!isToldByEvents(context, ip)) return noteFailure(context, line);
  if (line.fallback) expectFallback(context, ip);
  return 'failure-in-events';
}

/** `Completed`: nothing more comes of this message. */
export function complete(context: Context): void {
  finish(context);
  for (const doubt of context.state.doubts) flushDoubt(context, doubt);
}

/** The message fell silent: it may be tried again, but this queue run is over. */
export function finish(context: Context): void {
  closeCutthroughs(context);
  settleAll(context);
  for (const pending of [...context.state.pending]) flushPending(context, pending);
}
