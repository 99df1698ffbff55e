import { execFile } from 'node:child_process';
import type { Config } from '../config.ts';
import type { Honours } from './attribute.ts';
import { type EximFacts, readExim } from './exim-settings.ts';
import { POSTFIX_PARAMETERS, type PostfixFacts, readPostfix } from './postfix-settings.ts';

/** Honours but for what only the log tells. */
export interface KnownHonours extends Omit<Honours, 'trustAnchors'> {
  /** The `socketmap:` tables Postfix asks for TLS policies: they know what it was told. */
  readonly policyServers?: readonly string[];
  /** Postfix's own relayhost and smtp_fallback_relay. */
  readonly relays?: readonly string[];
  /** The MTAs that do not show their settings, where they were to be asked: of theirs, only what a log proves counts. */
  readonly hidden?: readonly MtaName[];
}

/** An MTA that can be asked, by the name of its parser. */
export type MtaName = 'postfix' | 'exim';
/** Their names for people. */
export const MTA_NAMES: Readonly<Record<MtaName, string>> = { postfix: 'Postfix', exim: 'Exim' };

/** What the MTAs of this host say of themselves; absence is normal on a host that only collects logs. */
export interface LocalMta {
  readonly postfix?: PostfixFacts;
  readonly exim?: EximFacts;
  /** Those that are here but do not show their settings to whoever asks, who may not read their configuration. */
  readonly hidden?: readonly MtaName[];
}

/** Runs a program with fixed arguments; undefined where it is not there or fails. */
export type Ask = (program: string, args: readonly string[]) => Promise<string | undefined>;

/** Where MTAs install their programs; the caller's PATH has no say in what root runs. */
const PROGRAM_PATH =
  '/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin:/usr/exim/bin:/opt/exim/bin';
const TIMEOUT_MS = 10_000;
/** Debian calls Exim exim4. */
export const EXIM_NAMES = ['exim4', 'exim'] as const;

/** Runs a program of the MTA's, read only, without a shell and with nothing in its environment but the path. */
export const askProgram: Ask = (program, args) =>
  new Promise((resolve) => {
    execFile(
      program,
      [...args],
      { env: { PATH: PROGRAM_PATH, LC_ALL: 'C' }, timeout: TIMEOUT_MS, maxBuffer: 4_194_304 },
      // Postfix warns and still answers where it does not know one of the parameters.
      (error, stdout) => resolve(stdout === '' && error !== null ? undefined : stdout),
    );
  });

/** Asks Postfix (`postconf`) and Exim (`-bV`, `-bP`) how they are set up. Nothing is changed, nothing is sent. */
export async function askLocalMta(ask: Ask = askProgram): Promise<LocalMta> {
  const [postfix, exim] = await Promise.all([askPostfix(ask), askExim(ask)]);
  const hidden: MtaName[] = [
    ...(postfix === 'hidden' ? (['postfix'] as const) : []),
    ...(exim === 'hidden' ? (['exim'] as const) : []),
  ];
  return {
    ...(postfix !== undefined && postfix !== 'hidden' && { postfix }),
    ...(exim !== undefined && exim !== 'hidden' && { exim }),
    ...(hidden.length > 0 && { hidden }),
  };
}

async function askPostfix(ask: Ask): Promise<PostfixFacts | 'hidden' | undefined> {
  const text = await ask('postconf', ['-x', ...POSTFIX_PARAMETERS]);
  if (text !== undefined) return readPostfix(text);
  // What it was built with Postfix tells without its main.cf.
  return (await ask('postconf', ['-d', 'mail_version'])) === undefined ? undefined : 'hidden';
}

/**
 * Exim tells its version to everybody, its settings only after it read its configuration. Where the units forbid new
 * privileges its setuid bit does nothing, and its configuration may be for root and itself alone (Debian: CFILEMODE).
 */
async function askExim(ask: Ask): Promise<EximFacts | 'hidden' | undefined> {
  for (const name of EXIM_NAMES) {
    const version = await ask(name, ['-bV']);
    if (version === undefined) continue;
    const transports = await ask(name, ['-bP', 'transports']);
    return transports === undefined ? 'hidden' : readExim(version, transports);
  }
  return undefined;
}

/** What the MTAs of this host enforce, in the words of `mta.honours`. */
export function honouredBy({ postfix, exim }: LocalMta): ('dane' | 'mta-sts')[] {
  return [
    ...(postfix?.dane === true || exim?.dane === true ? (['dane'] as const) : []),
    ...(postfix?.mtaSts === true ? (['mta-sts'] as const) : []),
  ];
}

/**
 * What the MTA enforces: as `mta.honours` says, or as the MTAs of this host say themselves. With no MTA here, or
 * none that shows its settings, and `auto`, nothing counts but what a log proves.
 */
export async function resolveHonours(
  config: Pick<Config, 'mta' | 'report'>,
  local: () => Promise<LocalMta> = askLocalMta,
): Promise<KnownHonours> {
  const { honours } = config.mta;
  if (honours !== 'auto') {
    const dane = honours.includes('dane');
    // postfix: smtp_tls_dane_insecure_mx_policy is "dane" wherever the level is.
    return { dane, halfDane: dane, mtaSts: honours.includes('mta-sts'), both: config.report.both };
  }
  const found = await local();
  const { postfix, hidden } = found;
  const honoured = honouredBy(found);
  return {
    dane: honoured.includes('dane'),
    halfDane: postfix?.halfDane === true,
    mtaSts: honoured.includes('mta-sts'),
    both: config.report.both,
    ...(postfix !== undefined && {
      policyServers: postfix.policyServers,
      relays: [...postfix.relayhosts, ...postfix.fallbackRelays],
    }),
    ...(hidden !== undefined && { hidden }),
  };
}
