import { afterEach, beforeEach, expect, it } from 'vitest';
import { EXIT, Problem } from '../../src/errors.ts';
import type { Ledger, OutboxState } from '../../src/ledger/ledger.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../receivers/smtp.ts';
import { type Lab, openLab } from './lab.ts';

let lab: Lab;
let smtp: SmtpReceiver;
let real: Ledger;
beforeEach(async () => {
  smtp = await startSmtpReceiver();
  lab = await openLab({ mail: { via: `smtp://127.0.0.1:${smtp.port}` } });
  real = lab.ledger;
});
afterEach(async () => {
  lab.ledger = real;
  await lab.close();
  await smtp.close();
});

const away = () => new Problem(EXIT.tryAgain, 'the database cannot be reached: gone');

/** Lets the ledger be away for whoever moves a row into a state, as long as `isAway` says so. */
function awayFor(state: OutboxState, isAway: () => boolean): void {
  lab.ledger = new Proxy(real, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return async (...parameters: unknown[]) => {
        const change = parameters[2] as { state?: OutboxState } | undefined;
        if (name === 'moveOutbox' && change?.state === state && isAway()) throw away();
        return Reflect.apply(value, target, parameters);
      };
    },
  });
}

const states = async () => (await real.outbox()).map(({ state }) => state);

it('a ledger that is away for one of several deliveries ends the pass when the others are done', async () => {
  for (let at = 0; at < 12; at++) await lab.freeze(`d${at}.example`, [`mailto:a@d${at}.example`]);
  let moves = 0;
  awayFor('sending', () => ++moves === 2);
  await expect(lab.send()).rejects.toMatchObject({ exitCode: EXIT.tryAgain });
  const after = await states();
  expect(after.filter((state) => state === 'sending')).toEqual([]);
  expect(after.filter((state) => state === 'sent')).toHaveLength(smtp.received.length);
  lab.ledger = real;
  await lab.send();
  expect(smtp.received).toHaveLength(12);
});

it('what a receiver took while the ledger is away is noted when it is back, and not sent again', async () => {
  await lab.freeze('example.org', ['mailto:a@example.org']);
  let tries = 0;
  awayFor('sent', () => ++tries <= 2);
  expect(await lab.send()).toMatchObject({ sent: 1 });
  expect(await states()).toEqual(['sent']);
  lab.clock.time += 16 * 60_000;
  expect(await lab.send()).toMatchObject({ sent: 0 });
  expect(smtp.received).toHaveLength(1);
});

it('the patience for that has an end, and whoever is asked to go goes', async () => {
  for (const [index, insistence] of [{ patience: 0 }, { patience: 60_000 }].entries()) {
    await lab.freeze(`d${index}.example`, [`mailto:a@d${index}.example`]);
    const stop = new AbortController();
    awayFor('sent', () => true);
    const sending = lab.send({}, { ...insistence, stop: stop.signal });
    setTimeout(() => stop.abort(), 300);
    await expect(sending).rejects.toMatchObject({ exitCode: EXIT.tryAgain });
    lab.ledger = real;
  }
  expect(await states()).toEqual(['sending', 'sending']);
});
