import { eximList } from './exim-list.ts';

/** Where Exim writes its main log. */
export interface EximLogs {
  /** Absolute paths, without the date where a name has one. */
  readonly files: readonly { readonly path: string; readonly dated: boolean }[];
  readonly syslog: boolean;
}

/**
 * Reads `log_file_path`: a list of file name patterns, where %s stands for main, reject and panic, %D and %M for the date,
 * and of the word syslog. Without a file in it Exim writes into its spool directory.
 */
export function eximLogs(logFilePath: string): EximLogs {
  const items = eximList(logFilePath);
  const files = items
    .filter((item) => item.startsWith('/'))
    .map((pattern) => ({
      path: pattern.replace('%s', 'main').replace(/[-.]?%[DM]/, ''),
      dated: /%[DM]/.test(pattern),
    }));
  return { files, syslog: items.includes('syslog') };
}
