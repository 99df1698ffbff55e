import type { Ledger } from './ledger.ts';

/** A ledger of which some methods are others'; all else goes to the real one. */
export function overlaid(ledger: Ledger, overlay: Partial<Ledger>): Ledger {
  return new Proxy(ledger, {
    get(target, name) {
      const own = Reflect.get(overlay, name);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
