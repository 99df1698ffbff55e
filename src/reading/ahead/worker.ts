/** Where a thread that reads ahead begins: it is started by this file's name, and not imported. */
import { parentPort } from 'node:worker_threads';
import { keepHeapSmall } from '../../heap.ts';
import { StretchWorker } from './stretch-worker.ts';

keepHeapSmall(process.versions.node);
if (parentPort !== null) new StretchWorker(parentPort);
