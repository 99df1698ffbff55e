/** What became of handing one report over to one target. */
export type Handover =
  | {
      readonly kind: 'sent';
      /** The receiver's word, one line. */
      readonly note: string;
    }
  | {
      /** Try again later. */
      readonly kind: 'temporary';
      readonly reason: string;
      /** The receiver asked to wait so long, in ms. */
      readonly retryAfter?: number;
      /** Nobody was reached at all: what else is due there can wait as well. */
      readonly unreachable?: true;
    }
  | {
      /** This target will never take it. */
      readonly kind: 'permanent';
      readonly reason: string;
      /** The receiver refused the address itself: further reports would fare no better. */
      readonly bounced?: true;
    };

/** Somebody else's words as one line fit for `status`: no control characters, at most 200 characters. */
export function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Surrogate}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, 200);
}
