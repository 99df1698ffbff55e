/** Colours of a terminal by SGR code, dark on light and light on dark; each pair has a contrast of 4.5 at least. */
const COLOURS: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  31: ['#b3261e', '#ff8a80'],
  32: ['#1a6b2d', '#7ddc8b'],
  33: ['#7a5200', '#ffcf5c'],
};

/**
 * The page that shows what a program wrote to a terminal of so many columns.
 * @param folds longer lines go on below, as a terminal has them
 */
export function terminalPage(text: string, columns: number, folds = false): string {
  const space = folds ? 'white-space:pre-wrap;word-break:break-all' : 'white-space:pre';
  const rules = Object.entries(COLOURS).map(
    ([code, [light, dark]]) =>
      `.c${code}{color:${light}} @media (prefers-color-scheme:dark){.c${code}{color:${dark}}}`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>terminal</title><style>
:root{color-scheme:light dark} body{margin:0;background:#fafafa;color:#1d1f21}
@media (prefers-color-scheme:dark){body{background:#16181a;color:#e4e4e4}}
pre{margin:0;padding:16px;font:14px/1.35 "DejaVu Sans Mono",monospace;width:${columns}ch;${space}}
.c1{font-weight:bold} .c2{opacity:.75} ${rules.join('\n')}
</style><pre>${spansOf(text)}</pre></html>`;
}

/** Each run between two SGR sequences in a span of its own, with the attributes that are on. */
function spansOf(text: string): string {
  const on = new Set<string>();
  return text
    .split(/(\u001b\[[0-9;]*m)/)
    .map((part) => {
      const codes = /^\u001b\[([0-9;]*)m$/.exec(part)?.[1];
      if (codes === undefined) return part === '' ? '' : span(part, on);
      for (const code of codes.split(';')) turn(code, on);
      return '';
    })
    .join('');
}

function turn(code: string, on: Set<string>): void {
  if (code === '' || code === '0') on.clear();
  else if (code === '22') for (const weight of ['1', '2']) on.delete(weight);
  else if (code === '39') for (const colour of Object.keys(COLOURS)) on.delete(colour);
  else on.add(code);
}

function span(text: string, on: ReadonlySet<string>): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return on.size === 0
    ? escaped
    : `<span class="${[...on].map((code) => `c${code}`).join(' ')}">${escaped}</span>`;
}
