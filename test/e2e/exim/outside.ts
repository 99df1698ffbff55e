/**
 * The outer world as a program of its own, for it runs inside the network namespace: resolver and receivers of
 * `world.json` in the directory given; writes `truth.jsonl` there, says `ready`, and ends with its standard input.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readIdentity } from './certificates.ts';
import { startNameserver } from './nameserver.ts';
import type { World } from './plan.ts';
import { startReceiver } from './receiver.ts';

const directory = process.argv[2] ?? '.';
const world: World = JSON.parse(readFileSync(join(directory, 'world.json'), 'utf8'));
const identities = new Map(world.receivers.map(({ name }) => [name, readIdentity(directory, name)]));
await startNameserver(world, identities);
for (const receiver of world.receivers) {
  const identity = identities.get(receiver.name);
  if (identity !== undefined) await startReceiver(receiver, identity, join(directory, 'truth.jsonl'));
}
process.stdin.on('end', () => process.exit(0)).resume();
process.stdout.write('ready\n');
