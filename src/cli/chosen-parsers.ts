import { hostname } from 'node:os';
import { AUTO, detectedText, detectParsers, undetected } from '../detect.ts';
import { EXIT, Problem } from '../errors.ts';
import { openLog } from '../logs/archive.ts';
import { localZone, zoneOf } from '../logs/zone.ts';
import type { ParserModule } from '../parser.ts';
import { loadParser } from '../registry.ts';
import type { Printer } from './io.ts';

/** A parser, and the files that it is to read. */
export interface ChosenParser {
  readonly module: ParserModule;
  readonly files: readonly string[];
}

/**
 * The parser named, for all files; with `auto`, those that the lines of each file call for, and says which and why.
 * @throws Problem (config) for a parser there is not; (data) for a file whose lines nobody knows; (usage) for `auto`
 * on standard input, which cannot be read twice
 */
export async function chosenParsers(
  name: string,
  files: readonly string[],
  now: number,
  printer: Printer,
): Promise<readonly ChosenParser[]> {
  if (name !== AUTO) return [{ module: await loadParser(name, process.cwd()), files }];
  const chosen = new Map<ParserModule, string[]>();
  for (const file of files) {
    if (file === '-') {
      throw new Problem(EXIT.usage, '--parser auto cannot look at standard input, which is there only once', {
        help: 'name the parser: --parser postfix',
      });
    }
    const options = { zone: zoneOf(localZone()), host: hostname(), now };
    const detected = await detectParsers(openLog(file), options);
    if (detected.length === 0) throw undetected(file);
    printer.message('notice', `${file}: read as ${detectedText(detected)}`);
    for (const { module } of detected) chosen.set(module, [...(chosen.get(module) ?? []), file]);
  }
  return [...chosen].map(([module, its]) => ({ module, files: its }));
}
