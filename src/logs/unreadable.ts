/** What to do about a file that cannot be opened as a log; undefined where the fault alone says it. */
export function helpForLog(cause: unknown): string | undefined {
  if (isGone(cause))
    return 'name the file your MTA logs to: `postconf maillog_file`, `exim -bP log_file_path`, or see rsyslog.conf';
  if (!isDenied(cause)) return undefined;
  return 'run this as root, or as a user in the group of the log (Debian: adm); docs/install.md';
}

/** What to do about a directory whose files cannot be listed; undefined where the fault alone says it. */
export function helpForDirectory(cause: unknown): string | undefined {
  if (isGone(cause)) return 'name a directory that is there: are the path and `logs[].rotated` right?';
  if (!isDenied(cause)) return undefined;
  return 'run this as root, or as a user in the group of the directory that the log lies in (Debian: adm); docs/install.md';
}

/** Whether there was nothing at the path. */
export function isGone(cause: unknown): boolean {
  return codeOf(cause) === 'ENOENT';
}

function isDenied(cause: unknown): boolean {
  return ['EACCES', 'EPERM'].includes(codeOf(cause) ?? '');
}

function codeOf(cause: unknown): string | undefined {
  return (cause as NodeJS.ErrnoException | undefined)?.code;
}
