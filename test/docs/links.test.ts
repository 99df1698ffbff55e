import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchors, links, pages, pageText, ROOT } from './markdown.ts';

/** What a link from a page leads to: a file of the project, and a place in it. */
function target(page: string, link: string): { readonly path: string; readonly anchor: string } {
  const [path = '', anchor = ''] = link.split('#');
  return { path: path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path)), anchor };
}

/** Why a link leads nowhere; undefined if it does. */
function fault(page: string, link: string): string | undefined {
  const { path, anchor } = target(page, link);
  if (!existsSync(join(ROOT, path))) return `${link}: there is no ${path}`;
  if (anchor === '' || !path.endsWith('.md')) return undefined;
  return anchors(pageText(path)).has(anchor) ? undefined : `${link}: ${path} has no heading #${anchor}`;
}

describe('links', () => {
  it.each(pages())('of %s lead somewhere', (page) => {
    const within = links(pageText(page)).filter((link) => !/^[a-z]+:/.test(link));
    expect(within.flatMap((link) => fault(page, link) ?? [])).toEqual([]);
  });

  it('every page of docs/ can be found from the README', () => {
    const reached = new Set(['README.md']);
    for (const page of reached) {
      if (!page.endsWith('.md') || !existsSync(join(ROOT, page))) continue;
      for (const link of links(pageText(page))) {
        if (!/^[a-z]+:/.test(link)) reached.add(target(page, link).path);
      }
    }
    expect(pages().filter((page) => !reached.has(page))).toEqual([]);
  });
});

/** Files whose words a user sees: help, messages, units, packaging. */
function speakers(): string[] {
  const places = ['src', 'parsers', 'systemd', '.ci'];
  return places.flatMap((place) =>
    readdirSync(join(ROOT, place), { recursive: true, encoding: 'utf8' })
      .map((name) => join(place, name))
      .filter((name) => /\.(?:ts|mjs|service|timer|cron|logrotate|sysusers|conf)$/.test(name)),
  );
}

it('every page that help texts, messages and units name is there, and so is the heading', () => {
  const named = speakers().flatMap((file) =>
    [
      ...readFileSync(join(ROOT, file), 'utf8').matchAll(
        /\b((?:docs|parsers)\/[\w./-]+\.md)(?:#([\p{L}\w-]+))?/gu,
      ),
    ].map(([, path = '', anchor = '']) => ({ file, path, anchor })),
  );
  expect(named.length).toBeGreaterThan(10);
  const lost = named.filter(
    ({ path, anchor }) =>
      !existsSync(join(ROOT, path)) || (anchor !== '' && !anchors(pageText(path)).has(anchor)),
  );
  expect(lost).toEqual([]);
});
