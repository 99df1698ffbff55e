/** A signal that aborts when it was asked so often. */
export function abortsAt(asks: number): AbortSignal {
  let asked = 0;
  const { signal } = new AbortController();
  Object.defineProperty(signal, 'aborted', { get: () => ++asked >= asks });
  return signal;
}
