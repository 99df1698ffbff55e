import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The pages written for people: what a visitor of the project, or of an installed host, reads. */
export function pages(): string[] {
  const docs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  const parsers = readdirSync(join(ROOT, 'parsers'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `parsers/${name}/README.md`);
  return [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    ...docs.sort().map((name) => `docs/${name}`),
    'parsers/README.md',
    ...parsers,
  ];
}

export function pageText(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** A fenced block: the words behind the fence, and what stands in it. */
export interface Block {
  readonly language: string;
  /** What stands behind the language: the path of the file that the block is. */
  readonly path: string | undefined;
  readonly text: string;
  /** Line of the first line inside, from 1. */
  readonly line: number;
  /** Of a block in a list, which `text` is without. */
  readonly indent: number;
}

/** The fenced blocks of a page, those inside of lists too, without their indentation. */
export function blocks(text: string): Block[] {
  const found: Block[] = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const fence = /^( *)```(\S*) ?(\S*)$/.exec(lines[i] ?? '');
    if (fence === null) continue;
    const [, indent = '', language = '', path = ''] = fence;
    const end = lines.indexOf(`${indent}\`\`\``, i + 1);
    if (end < 0) throw new Error(`a fenced block that does not end: line ${i + 1}`);
    const inside = lines.slice(i + 1, end).map((line) => line.slice(indent.length));
    found.push({
      language,
      path: path === '' ? undefined : path,
      text: inside.map((line) => `${line}\n`).join(''),
      line: i + 2,
      indent: indent.length,
    });
    i = end;
  }
  return found;
}

/** The page without its fenced blocks and comments. */
export function prose(text: string): string {
  return text.replace(/^( *)```[\s\S]*?^\1```$/gm, '').replace(/<!--[\s\S]*?-->/g, '');
}

/** Where the links of a page lead: `](target)`. */
export function links(text: string): string[] {
  const plain = prose(text).replace(/`[^`\n]*`/g, '');
  return [...plain.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => target);
}

/** The anchors of a page, as GitHub makes them from its headings. */
export function anchors(text: string): Set<string> {
  const made = new Set<string>();
  for (const [, heading = ''] of prose(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = words.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replace(/ /g, '-');
    let name = slug;
    for (let n = 1; made.has(name); n++) name = `${slug}-${n}`;
    made.add(name);
  }
  return made;
}
