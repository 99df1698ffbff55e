import { createInterface } from 'node:readline';
import { z } from 'zod';
import { configSchema } from '../../../src/config.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { runPass } from '../../../src/pipeline.ts';
import { openMode } from './modes.ts';

/**
 * One host's emitter: for each line of standard input a pass over a ledger, answered by a line. It dies by SIGKILL
 * before its n-th step (0: it lives); a step is every call of the ledger, and every return from one.
 */
const orderSchema = z.object({
  config: z.unknown(),
  plain: z.boolean(),
  time: z.number(),
  dieAt: z.int(),
});

let steps = 0;
let dieAt = 0;
function step(): void {
  if (++steps === dieAt) process.kill(process.pid, 'SIGKILL');
}

function stepping(ledger: Ledger): Ledger {
  return new Proxy(ledger, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...parameters: unknown[]) => {
        step();
        const result: unknown = await Reflect.apply(value, target, parameters);
        step();
        return result;
      };
    },
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const order = orderSchema.parse(JSON.parse(line));
  const config = configSchema.parse(order.config);
  const ledger = await openMode(config.state, order.plain);
  steps = 0;
  dieAt = order.dieAt;
  const deps = {
    ledger: stepping(ledger),
    clock: { now: () => order.time },
    config,
    directory: '/',
    host: 'x',
  };
  const { closed, sent } = await runPass(deps, { offline: false });
  await ledger.close();
  const answer = { steps, led: sent !== undefined, built: closed?.built.length ?? 0, sent: sent?.sent ?? 0 };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
