/** Reading was to stop before the place was found from where on a log is new: nothing was read of it. */
export class Stopped extends Error {
  override name = 'Stopped';

  constructor() {
    super('reading was stopped');
  }
}

/** @throws Stopped when the signal has aborted */
export function goOn(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new Stopped();
}
