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

/** What can be looked for in bytes, whatever the encoding of the log; `?` also stands for what is no text. */
const PLAIN = /^[\x21-\x3e\x40-\x7e]{6,}$/;

/**
 * Byte strings of which every line that matters holds one: the tag's tail with the bracket of its pid, so that smtpd
 * does not match. The queue manager is read only to find our own reports, by their sender if that can be looked for.
 */
export function needlesFor(ownSender: string | undefined): readonly string[] {
  const needles = ['/smtp[', '/tlsproxy['];
  if (ownSender === undefined) return needles;
  return [...needles, PLAIN.test(ownSender) ? ownSender : '/qmgr['];
}

/** What the lines of a tag are looked through for: nothing in those of other programs, whatever a client put there. */
export function needlesOfTag(tag: string, ownSender: string | undefined): readonly string[] {
  const program = programOf(tag);
  if (program === undefined || program === 'lmtp') return [];
  if (program !== 'qmgr') return [''];
  if (ownSender === undefined) return [];
  return [PLAIN.test(ownSender) ? ownSender : ''];
}
