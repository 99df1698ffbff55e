/** Where a thread that unpacks archives begins: it is started by this file's name, and not imported. */
import { parentPort } from 'node:worker_threads';
import { Unpacking } from './unpacking.ts';

if (parentPort !== null) new Unpacking(parentPort);
