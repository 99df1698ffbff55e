import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { parser as exim } from '../parsers/exim/index.ts';
import { parser as opensmtpd } from '../parsers/opensmtpd/index.ts';
import { parser as postfix } from '../parsers/postfix/index.ts';
import { EXIT, Problem, systemReason } from './errors.ts';
import { nearestOf } from './nearest.ts';
import { optionFaults } from './option-faults.ts';
import { CONTRACT, type LogParser, type ParserModule } from './parser.ts';

/** The formats that come with the program. A foreign one is named by the path of its module. */
export const BUILT_IN: readonly ParserModule[] = [postfix, exim, opensmtpd];

const moduleShape = z.object({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/),
  contract: z.number(),
  options: z.custom<z.ZodType>(
    (value) => typeof (value as { safeParse?: unknown } | undefined)?.safeParse === 'function',
  ),
  create: z.custom<ParserModule['create']>((value) => typeof value === 'function'),
});

/**
 * Finds a parser: a built-in name, or the path of a module that exports `parser` (relative to `directory`).
 * @throws Problem (config) for an unknown name, an unreadable module, or one made for another contract.
 */
export async function loadParser(name: string, directory: string): Promise<ParserModule> {
  const builtIn = BUILT_IN.find((module) => module.name === name);
  if (builtIn !== undefined) return builtIn;
  if (name === 'auto') {
    throw new Problem(EXIT.data, 'no line of the log has shown yet which MTA wrote it', {
      help: `name it in place of \`auto\`: ${BUILT_IN.map((module) => module.name).join(', ')}`,
    });
  }
  if (!/[./\\]/.test(name)) {
    const meant = nearestOf(name, [...BUILT_IN.map((module) => module.name), 'auto']);
    const asked = meant === undefined ? '' : `; did you mean \`${meant}\`?`;
    throw new Problem(EXIT.config, `there is no parser \`${name}\`${asked}`, {
      help: `built in: ${BUILT_IN.map((module) => module.name).join(', ')}; or give the path of a module of yours: ./my-parser.js`,
    });
  }
  return foreignParser(resolve(directory, name));
}

async function foreignParser(path: string): Promise<ParserModule> {
  let exported: { parser?: unknown };
  try {
    exported = (await import(pathToFileURL(path).href)) as { parser?: unknown };
  } catch (error) {
    throw new Problem(EXIT.config, `the parser module cannot be loaded: ${systemReason(error)}`, {
      where: path,
      cause: error,
    });
  }
  const shape = moduleShape.safeParse(exported.parser);
  if (!shape.success) {
    throw new Problem(EXIT.config, 'the module exports no parser', {
      where: path,
      help: 'export a constant `parser` with name, contract, options and create (parsers/README.md)',
    });
  }
  if (shape.data.contract !== CONTRACT) {
    throw new Problem(
      EXIT.config,
      `the parser was written for contract ${shape.data.contract}, this program has ${CONTRACT}`,
      {
        where: path,
        help: 'look for a newer version of the parser, or adapt it (CHANGELOG.md tells what changed)',
      },
    );
  }
  return exported.parser as ParserModule;
}

const madeShape = z.object({
  envelope: z.union([z.literal('syslog'), z.custom((value) => typeof value === 'function')]),
  needles: z.array(z.string().regex(/^[\x20-\x7e]+$/)).min(1),
  idleSeconds: z.number().positive(),
  entry: z.custom((value) => typeof value === 'function'),
});

/**
 * Makes a parser with checked options.
 * @throws Problem (config) naming the option that is wrong, or what the module's `create` left out.
 */
export function createParser(module: ParserModule, options: object): LogParser {
  const [fault] = optionFaults(module, options);
  const result = module.options.safeParse(options);
  if (fault === undefined && result.success) return whole(module.name, module.create(result.data));
  throw new Problem(
    EXIT.config,
    `the ${module.name} parser refuses an option: ${fault?.path.join('.')} ${fault?.words}`,
    {
      help: `see parsers/${module.name}/README.md for its options`,
    },
  );
}

/** A foreign module may be plain JavaScript, where no compiler saw that something is missing. */
function whole(name: string, made: LogParser): LogParser {
  const shape = madeShape.safeParse(made);
  if (shape.success) return made;
  const [issue] = shape.error.issues;
  throw new Problem(
    EXIT.config,
    `the ${name} parser is not whole: \`${issue?.path.join('.')}\` is missing or wrong`,
    {
      help: 'create() must return envelope, needles, idleSeconds and entry (parsers/README.md)',
    },
  );
}
