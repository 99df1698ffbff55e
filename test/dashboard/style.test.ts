import { expect, it } from 'vitest';
import { STYLE } from '../../src/dashboard/style.ts';

/** The colours of one `:root` block, by name. */
function colours(block: string): Map<string, number> {
  return new Map(
    [...block.matchAll(/--([a-z]+): #([0-9a-f]{6})/g)].map(([, name = '', hex = '']) => [
      name,
      luminance(hex),
    ]),
  );
}

/** WCAG 2.2: relative luminance of an sRGB colour. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [0, 2, 4]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a = 0, b = 0): number {
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const [, light = '', dark = ''] = STYLE.split(':root {');

it.each([
  ['light', colours(light)],
  ['dark', colours(dark)],
])('%s: text and bars stand out', (_name, palette) => {
  expect(palette.size).toBe(12);
  for (const ground of ['page', 'card']) {
    for (const text of ['text', 'soft', 'link'])
      expect(contrast(palette.get(text), palette.get(ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(
        4.5,
      );
    for (const bar of ['verified', 'trusted', 'untrusted', 'unsaid', 'plaintext', 'failed'])
      expect(contrast(palette.get(bar), palette.get(ground)), `${bar} on ${ground}`).toBeGreaterThanOrEqual(
        3,
      );
  }
});
