import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Config, configSchema } from '../config.ts';
import { EXIT, Problem, systemReason } from '../errors.ts';
import { withoutEmpty } from './empty.ts';
import { refusal, schemaFaults } from './faults.ts';
import { logOptionFaults } from './log-options.ts';
import { withAbsolutePaths } from './paths.ts';
import { configWords } from './words.ts';
import { YamlText } from './yaml.ts';

/**
 * Reads and checks a configuration file.
 * @param credentials where systemd put what it hands over to this process
 * @throws Problem (config): every fault with file, line and column, what is wrong and what is allowed.
 */
export async function loadConfig(
  path: string,
  credentials = process.env['CREDENTIALS_DIRECTORY'],
): Promise<Config> {
  const yaml = new YamlText(await textOf(path), path);
  const config = checkedConfig(yaml);
  const faults = await logOptionFaults(config, yaml);
  if (faults.length > 0) throw refusal(faults);
  return withAbsolutePaths(config, dirname(resolve(path)), credentials);
}

/** Checks a configuration's text, but for what only parsers know; `path` is for messages only. */
export function parseConfig(text: string, path: string): Config {
  return checkedConfig(new YamlText(text, path));
}

function checkedConfig(yaml: YamlText): Config {
  const result = configSchema.safeParse(withoutEmpty(yaml.value, configSchema), { error: configWords });
  if (result.success) return result.data;
  throw refusal(schemaFaults(result.error, yaml));
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Problem(EXIT.config, `the configuration cannot be read: ${systemReason(error)}`, {
      where: path,
      help: HELP[(error as NodeJS.ErrnoException).code ?? ''] ?? NONE_YET,
      cause: error,
    });
  }
}

const NONE_YET = 'write one with `maillog-tlsrpt init`, or name it with --config FILE';
const NOT_YOURS =
  'it is there, but not yours to read: ask as root, or as the user of the service: sudo -u maillog-tlsrpt maillog-tlsrpt …';
const HELP: Readonly<Record<string, string>> = {
  EACCES: NOT_YOURS,
  EPERM: NOT_YOURS,
  EISDIR: 'name the file in it with --config FILE',
};
