import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { SingleBar } from 'cli-progress';
import { isCompressed } from '../logs/rotation-name.ts';
import type { Printer } from './io.ts';

/** Where no terminal shows a bar, a line is printed this often. */
const LINE_MS = 5000;
/** How much an archive grows, where it does not tell: logs compress well. */
const GROWTH = 8;
const MEGABYTE = 1e6;

/** Shows a person how far reading is. */
export interface Progress {
  /** So many bytes of a file were read; `time` is that of its last line so far, UTC ms. */
  onBytes(path: string, bytes: number, time?: number): void;
  /** Takes the bar away. */
  stop(): void;
}

/**
 * Shows how far reading has come: a bar on a terminal, else a line every few seconds (bytes, rate, time left, the day
 * being read). `--quiet` shows nothing.
 * @param elapsed ms since any fixed moment
 */
export async function showProgress(
  files: readonly string[],
  printer: Printer,
  { quiet, elapsed }: { readonly quiet: boolean; readonly elapsed: () => number },
): Promise<Progress> {
  const { stderr } = printer.io;
  const total = await bytesOf(files);
  if (quiet) return { onBytes: () => undefined, stop: () => undefined };
  const bar = stderr.isTTY === true ? await makeBar(stderr) : undefined;
  bar?.start(Math.ceil(total), 0, { text: '' });
  const began = elapsed();
  let read = 0;
  let said = began;
  return {
    onBytes(path, bytes, time) {
      read += bytes;
      const now = elapsed();
      if (bar !== undefined) {
        const whole = Math.max(total, read);
        bar.setTotal(whole);
        bar.update(read, { text: progressText({ read, total: whole, ms: now - began, path, time }) });
      } else if (now - said >= LINE_MS) {
        said = now;
        const text = progressText({ read, total: Math.max(total, read), ms: now - began, path, time });
        printer.message('info', `reading: ${text}`);
      }
    },
    stop: () => bar?.stop(),
  };
}

/** How far reading is. */
export interface ProgressState {
  /** Uncompressed bytes. */
  readonly read: number;
  /** What is read and what is expected to be. */
  readonly total: number;
  readonly ms: number;
  readonly path: string;
  readonly time: number | undefined;
}

/** `120 of 512 MB, 240 MB/s, 2 s left, 2026-11-16 (mail.log.1)`. */
export function progressText({ read, total, ms, path, time }: ProgressState): string {
  const rate = read / Math.max(1, ms);
  const left = Math.ceil((total - read) / Math.max(1e-9, rate) / 1000);
  const parts = [
    `${megabytes(read)} of ${megabytes(total)} MB`,
    `${megabytes(rate * 1000)} MB/s`,
    `${timeText(left)} left`,
    ...(time === undefined ? [] : [new Date(time).toISOString().slice(0, 10)]),
  ];
  return `${parts.join(', ')} (${path === '-' ? 'standard input' : basename(path)})`;
}

function megabytes(bytes: number): string {
  return bytes < 10 * MEGABYTE ? (bytes / MEGABYTE).toFixed(1) : String(Math.round(bytes / MEGABYTE));
}

function timeText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

async function makeBar(stream: NodeJS.WritableStream): Promise<SingleBar> {
  const { default: cliProgress } = await import('cli-progress');
  return new cliProgress.SingleBar({
    stream,
    format: '{bar} {percentage}% {text}',
    clearOnComplete: true,
    hideCursor: true,
    barsize: 20,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
}

/** The uncompressed bytes to be expected; nothing of standard input and of what cannot be read. */
async function bytesOf(files: readonly string[]): Promise<number> {
  let sum = 0;
  for (const file of files) {
    if (file === '-') continue;
    const size = await stat(file).then(
      (status) => status.size,
      () => 0,
    );
    sum += isCompressed(file) ? ((await toldSize(file, size)) ?? size * GROWTH) : size;
  }
  return sum;
}

/** The size a gzip file tells at its end (RFC 1952 §2.3.1, modulo 2^32); undefined if it cannot be that. */
async function toldSize(file: string, size: number): Promise<number | undefined> {
  if (!file.endsWith('.gz') || size < 18) return undefined;
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, size - 4);
    const told = buffer.readUInt32LE(0);
    return told > size ? told : undefined;
  } finally {
    await handle.close();
  }
}
