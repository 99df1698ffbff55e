import { z } from 'zod';
import { configSchema } from '../../../src/config.ts';
import { sendDue } from '../../../src/delivery/send-due.ts';
import { createTransports } from '../../../src/delivery/transports.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { openLedger } from '../../../src/ledger/open.ts';

/**
 * Sends what is due and dies by SIGKILL before its n-th step; a step is every call of the ledger and of a way out, and
 * every return from one. Arguments as JSON: the config, the time, and n (0: it lives).
 */
const { config, time, dieAt } = z
  .object({ config: z.unknown(), time: z.number(), dieAt: z.int() })
  .parse(JSON.parse(process.argv[2] ?? ''));

let steps = 0;
function step(): void {
  if (++steps === dieAt) process.kill(process.pid, 'SIGKILL');
}

/** The same object, each call of a method a step before and after. */
function stepping<T extends object>(target: T): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== 'function') return value;
      return async (...parameters: unknown[]) => {
        step();
        const result: unknown = await Reflect.apply(value, object, parameters);
        step();
        return result;
      };
    },
  });
}

const checked = configSchema.parse(config);
const clock = { now: () => time };
const ledger: Ledger = await openLedger(checked.state);
const transports = await createTransports(checked, clock, async () => ['127.0.0.1']);
const summary = await sendDue({
  ledger: stepping(ledger),
  clock,
  config: checked,
  transports: { ...stepping(transports), setup: transports.setup, mail: stepping(transports.mail) },
});
transports.close();
await ledger.close();
process.stdout.write(JSON.stringify({ steps, ...summary }));
