import type { Argv } from 'yargs';
import type { CommonOptions } from '../parser.ts';
import type { ReadingArguments } from './arguments.ts';

/** The options of every command that reads logs named on the command line. */
export function withReadingOptions(yargs: Argv): Argv {
  return yargs
    .positional('files', {
      type: 'string',
      array: true,
      describe: 'log files, plain or compressed, directories of them, quoted patterns; - is standard input',
    })
    .option('parser', {
      type: 'string',
      requiresArg: true,
      describe: 'postfix, exim, opensmtpd, auto (by the lines), or the path of a parser module',
      defaultDescription: 'postfix',
    })
    .option('timezone', {
      type: 'string',
      requiresArg: true,
      describe: 'zone of stamps that carry none: Europe/Berlin',
      defaultDescription: 'that of this machine',
    })
    .option('year', {
      type: 'string',
      requiresArg: true,
      describe: 'year in which a log without years begins: 2025',
      defaultDescription: 'the latest that the time of the file allows',
    })
    .option('host', {
      type: 'string',
      requiresArg: true,
      describe: 'the host whose log this is',
      defaultDescription: 'this machine',
    })
    .option('relayhost', {
      type: 'string',
      requiresArg: true,
      describe: 'smart host, as in main.cf: "[smtp.isp.example]:587" (repeatable)',
    })
    .option('fallback-relay', {
      type: 'string',
      requiresArg: true,
      describe: 'as smtp_fallback_relay in main.cf (repeatable)',
    })
    .option('postfix-tls-loglevel', {
      type: 'string',
      requiresArg: true,
      describe: "Postfix's smtp_tls_loglevel, where it is known: 0 to 4",
    })
    .option('infer-plaintext', {
      type: 'boolean',
      default: true,
      describe: 'read deliveries in clear text as starttls-not-supported, where nothing speaks against it',
    })
    .option('mid-stream', {
      type: 'boolean',
      default: false,
      describe: 'the log begins in the middle: nothing is known of what came before',
    });
}

/** What a parser is told; it ignores what it has no use for. */
export function parserOptions(chosen: ReadingArguments): CommonOptions {
  const level = chosen['postfix-tls-loglevel'];
  return {
    relayhosts: chosen.relayhost,
    fallbackRelays: chosen['fallback-relay'],
    inferPlaintext: chosen['infer-plaintext'],
    midStream: chosen['mid-stream'],
    ...(level !== undefined && { tlsLogLevel: level }),
  };
}

/** What the command line says in so many words, for a parser that is told all else already. */
export function givenOptions(chosen: ReadingArguments): CommonOptions {
  const level = chosen['postfix-tls-loglevel'];
  return {
    ...(chosen.relayhost.length > 0 && { relayhosts: chosen.relayhost }),
    ...(chosen['fallback-relay'].length > 0 && { fallbackRelays: chosen['fallback-relay'] }),
    ...(!chosen['infer-plaintext'] && { inferPlaintext: false }),
    ...(chosen['mid-stream'] && { midStream: true }),
    ...(level !== undefined && { tlsLogLevel: level }),
  };
}
