import type { Ledger } from '../../src/ledger/ledger.ts';

/** The ledger as it is, with something in front of one of its methods, or behind it. */
export function watched(
  ledger: Ledger,
  name: 'segments' | 'commits' | 'commit',
  { before, behind }: { readonly before?: () => Promise<void>; readonly behind?: () => Promise<void> },
): Ledger {
  return new Proxy(ledger, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      if (key !== name) return value.bind(target);
      return async (...words: unknown[]) => {
        await before?.();
        const found: unknown = await Reflect.apply(value, target, words);
        await behind?.();
        return found;
      };
    },
  });
}
