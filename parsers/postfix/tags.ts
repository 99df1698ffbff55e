/** The programs of Postfix whose lines matter, as the last part of the syslog tag names them. */
export type Program = 'smtp' | 'lmtp' | 'tlsproxy' | 'qmgr';

const PROGRAMS: readonly Program[] = ['smtp', 'lmtp', 'tlsproxy', 'qmgr'];

/**
 * The program behind a tag. The head is the instance's syslog_name and may be anything (`postfix-out`,
 * `postfix/relay`), so only the tail counts (postfix: global/mail_task.c).
 */
export function programOf(tag: string): Program | undefined {
  return PROGRAMS.find((program) => tag.endsWith(program) && tag[tag.length - program.length - 1] === '/');
}

/** What can be looked for in bytes, whatever the encoding of the log. */
const PLAIN = /^[\x21-\x7e]{6,}$/;

/**
 * Byte strings of which every line that matters holds one: the tag's tail with the bracket of its pid, so that smtpd
 * does not match. The queue manager is read only to find our own reports, by their sender if that can be looked for.
 */
export function needlesFor(ownSender: string | undefined): readonly string[] {
  const needles = ['/smtp[', '/tlsproxy['];
  if (ownSender === undefined) return needles;
  return [...needles, PLAIN.test(ownSender) ? ownSender : '/qmgr['];
}
