import fc from 'fast-check';
import { expect, it } from 'vitest';
import { escapeHtml, html } from '../../src/dashboard/html.ts';
import { HOSTILE } from './hostile.ts';

it('escapes every value, in lists and in attributes too, and no markup of ours', () => {
  const cell = html`<td title="${'"'}">${'<b>'}</td>`;
  expect(html`<tr>${[cell, cell]}${1}</tr>`.text).toBe(
    '<tr><td title="&quot;">&lt;b&gt;</td><td title="&quot;">&lt;b&gt;</td>1</tr>',
  );
});

it('leaves nothing by which a hostile text could become markup', () => {
  for (const text of HOSTILE) expect(escapeHtml(text)).not.toMatch(/[<>"']/);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => !/[<>"'\u0000\u202e]/.test(escapeHtml(text))),
  );
});

it('shows as a question mark what would hide or turn text round', () => {
  expect(escapeHtml('a\u202eb\u200bc\u0007d')).toBe('a?b?c?d');
});
