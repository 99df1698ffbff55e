/** Notices that there may be something new to read. */
export interface Waker {
  /** A pass begins: what changes from now on may not be in it. */
  passBegins(): Promise<void>;
  /** The pass is over: wakes once, at the next change or for one that came since the pass began. */
  arm(wake: () => void): Promise<void>;
  close(): Promise<void>;
}
