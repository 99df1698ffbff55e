/** A span of log time, UTC ms. */
export interface Span {
  readonly from: number;
  readonly until: number;
}
