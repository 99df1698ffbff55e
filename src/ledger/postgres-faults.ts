import { EXIT, type ExitCode, Problem } from '../errors.ts';

/** What a failed statement means for whoever asked. */
export type FaultKind =
  /** Another transaction was in the way; the same work done again will do. */
  | 'conflict'
  /** The server or the way to it is gone, maybe for seconds. */
  | 'away'
  | 'other';

/** The socket's errors: nobody listens, or nobody answers any more. */
const SOCKET_CODES = new Set(
  'ECONNREFUSED ECONNRESET ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENETDOWN ENOTFOUND EAI_AGAIN ENOENT'.split(
    ' ',
  ),
);

/** pg's own words for a connection that broke or did not come about; it gives them no code. */
const BROKEN =
  /^Connection terminated|^timeout e(xpired|xceeded)|connection error and is not queryable|^Query read timeout/;

/** Tells a failed statement's kind by the SQLSTATE (PostgreSQL manual, appendix A) or the socket's error. */
export function kindOf(error: unknown): FaultKind {
  const code = codeOf(error);
  // 40003: whether the transaction came about is not known. What we do in one finds out when it is done again.
  if (code === '40001' || code === '40P01' || code === '40003') return 'conflict';
  // 57P0x: shut down, crashed, starting; 53300: no connection free; 25006: a standby, until the switch is over.
  if (/^(08...|57P0[1235]|53300|25006|25P03)$/.test(code) || SOCKET_CODES.has(code)) return 'away';
  return code === '' && error instanceof Error && BROKEN.test(error.message) ? 'away' : 'other';
}

/** PostgreSQL has no partition for a row. */
export function lacksPartition(error: unknown): boolean {
  return codeOf(error) === '23514';
}

/** pg's words when the server answers `N` to its SSLRequest. */
const NO_TLS = 'The server does not support SSL connections';

/** The server does not take a connection by TLS, or in clear, but may the other way: 28000 is what pg_hba.conf says. */
export function isRefusedWay(error: unknown): boolean {
  return (error instanceof Error && error.message === NO_TLS) || codeOf(error) === '28000';
}

/** Somebody held a lock for longer than a statement was to wait for it. */
export function isLockTimeout(error: unknown): boolean {
  return codeOf(error) === '55P03';
}

/** Turns what the administrator can mend into a Problem; everything else stays what it is. */
export function explained(error: unknown, where: string): unknown {
  if (error instanceof Problem) return error;
  const code = codeOf(error);
  const reason = error instanceof Error ? error.message : String(error);
  const problem = (exitCode: ExitCode, message: string, help: string) =>
    new Problem(exitCode, message, { where, help, cause: error });
  switch (kindOf(error)) {
    case 'away':
      return problem(
        EXIT.tryAgain,
        `the database cannot be reached: ${reason || code}`,
        'run this again when it is back; nothing was lost',
      );
    case 'conflict':
      return problem(
        EXIT.tryAgain,
        `the database is too busy: ${reason}`,
        'run this again; nothing was lost',
      );
    default:
  }
  // 57014: statement_timeout, or an administrator's word; 25P04: transaction_timeout.
  if (/^(57014|55P03|25P04)$/.test(code))
    return problem(
      EXIT.tryAgain,
      `the database gave up: ${reason}`,
      'run this again; if it comes again, give the role more time: ALTER ROLE … SET statement_timeout = 0 (lock_timeout, transaction_timeout)',
    );
  if (/^(28...|3D000|3F000|42501)$/.test(code))
    return problem(
      EXIT.config,
      `the database refuses: ${reason}`,
      'check `state:`, the password and the rights of the user',
    );
  if (/^53[12]00$/.test(code) || code === '58030')
    return problem(
      EXIT.cannotWrite,
      `the database cannot write: ${reason}`,
      'check its free space; nothing was lost',
    );
  if (isTlsFault(code, reason))
    return problem(
      EXIT.config,
      `TLS to the database fails: ${reason}`,
      'check sslmode and sslrootcert in `state:`',
    );
  return error;
}

/** OpenSSL's and Node's codes: `SELF_SIGNED_CERT_IN_CHAIN`, `ERR_TLS_CERT_ALTNAME_INVALID`; pg's words have none. */
function isTlsFault(code: string, reason: string): boolean {
  return /CERT|SSL|TLS|UNABLE_TO/.test(code) || (code === '' && / SSL connection/.test(reason));
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : '';
}
