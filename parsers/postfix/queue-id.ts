/** Longer than any queue id: 10 characters of time, `z`, and the 12 that an inode of 64 bits may take. */
export const LONGEST_ID = 30;

/** Short: upper-case hex, at least 6. Long (2.9+): digits and consonants, `z` before the inode (global/mail_queue.h). */
const QUEUE_ID = /^(?:[0-9A-F]{6,}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,})$/;

/** The queue id a message begins with, the way smtp(8) writes it (`9F3A51C0B7: `); undefined where there is none. */
export function leadingQueueId(message: string): string | undefined {
  const end = message.indexOf(': ');
  if (end < 6 || end > LONGEST_ID) return undefined;
  const id = message.slice(0, end);
  return QUEUE_ID.test(id) ? id : undefined;
}
