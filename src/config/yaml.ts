import { isAlias, isMap, isScalar, LineCounter, type Node, parseDocument, visit, type YAMLError } from 'yaml';
import { EXIT, Problem } from '../errors.ts';

type YamlDocument = ReturnType<typeof parseDocument>;

/** The way to a value: keys and indices from the outside in. */
export type KeyPath = readonly (string | number)[];

/** A configuration's text as YAML has it: what it says, and where each part of it stands. */
export class YamlText {
  /** As plain values; `{}` of an empty text. */
  readonly value: unknown;
  readonly #path: string;
  readonly #document: YamlDocument;
  readonly #lines: LineCounter;

  /**
   * @param path for messages only
   * @throws Problem (config) with line and column for what is no YAML, and for aliases that lead nowhere or to no end
   */
  constructor(text: string, path: string) {
    this.#path = path;
    this.#lines = new LineCounter();
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      uniqueKeys: true,
      logLevel: 'error',
    });
    // Before other faults: text that begins with `*` makes the parser stumble over what comes behind it.
    this.#demandAliases();
    const [fault] = this.#document.errors;
    if (fault !== undefined) throw this.#syntax(fault);
    this.value = this.#plain();
  }

  /** The position of a value, `file:line:column`; of a missing one, that of the mapping it is missing from. */
  placeOf(keys: KeyPath): string {
    for (let length = keys.length; length > 0; length--) {
      const node = this.#document.getIn(keys.slice(0, length), true) as Node | undefined;
      if (node?.range?.[0] !== undefined) return this.#place(node.range[0]);
    }
    return this.#place(this.#document.contents?.range?.[0]);
  }

  /** The position of a key in the mapping that its parents lead to. */
  placeOfKey(parents: KeyPath, key: string): string {
    const parent = parents.length === 0 ? this.#document.contents : this.#document.getIn(parents, true);
    if (!isMap(parent)) return this.placeOf(parents);
    const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
    return this.#place(isScalar(pair?.key) ? pair.key.range?.[0] : undefined);
  }

  #place(offset: number | undefined): string {
    if (offset === undefined) return `${this.#path}:1:1`;
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#path}:${line}:${col}`;
  }

  /** An alias must name an anchor that stands before it, and around it must not be what it names. */
  #demandAliases(): void {
    visit(this.#document, {
      Alias: (_key, alias, around) => {
        const meant = alias.resolve(this.#document);
        if (meant !== undefined && !around.some((each) => each === meant)) return;
        const text = `*${alias.source}`;
        const where = this.#place(alias.range?.[0]);
        if (meant !== undefined)
          throw new Problem(
            EXIT.config,
            `${where}: the alias ${text} stands in what it names: it has no end`,
            {
              where,
              help: 'write out what is meant',
            },
          );
        throw new Problem(
          EXIT.config,
          `${where}: ${text} begins with \`*\`, and is taken for a YAML alias of something named before`,
          { where, help: `put it in quotes: "${text}"` },
        );
      },
    });
  }

  /** Anchors may multiply what a text says beyond all memory; the parser counts, and stops. */
  #plain(): unknown {
    try {
      return this.#document.toJS() ?? {};
    } catch (cause) {
      const where = this.#place(firstAlias(this.#document));
      throw new Problem(EXIT.config, `${where}: the aliases of the configuration stand for far too much`, {
        where,
        help: 'write out what is meant in place of *ALIAS',
        cause,
      });
    }
  }

  #syntax({ code, message, pos }: YAMLError): Problem {
    const where = this.#place(pos[0]);
    const { text, help } = WORDS[code] ?? { text: message.split('\n')[0] ?? message };
    return new Problem(EXIT.config, `the configuration is not valid YAML: ${text}`, { where, help });
  }
}

/** Where the parser's own words are for programmers. */
const WORDS: Readonly<Partial<Record<YAMLError['code'], { readonly text: string; readonly help?: string }>>> =
  {
    MULTIPLE_DOCS: {
      text: 'a second document begins here',
      help: 'take the line `---` out: a configuration is one document',
    },
    BAD_SCALAR_START: {
      text: 'text may not begin with this character',
      help: 'put it in quotes: "…"',
    },
    DUPLICATE_KEY: { text: 'this key was given before', help: 'give it once, with all that belongs to it' },
    RESOURCE_EXHAUSTION: { text: 'it is nested far too deep' },
  };

function firstAlias(document: YamlDocument): number | undefined {
  let offset: number | undefined;
  visit(document, (_key, node) => {
    if (!isAlias(node)) return undefined;
    offset = node.range?.[0];
    return visit.BREAK;
  });
  return offset;
}
