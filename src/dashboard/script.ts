/**
 * What the page does by itself: sort by a column, filter, copy a command. It makes no markup, only moves rows and sets
 * texts, so a name can do nothing. Written for any browser of the last five years.
 */
export const SCRIPT = `
'use strict';
(() => {
  const say = (text) => { document.getElementById('said').textContent = text; };
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    const value = cell.dataset.value;
    return value === undefined ? cell.textContent.trim() : Number(value);
  };
  const compare = (a, b) => typeof a === 'number' ? a - b : a < b ? -1 : a > b ? 1 : 0;
  for (const button of document.querySelectorAll('thead button')) {
    button.addEventListener('click', () => {
      const head = button.closest('th');
      const body = head.closest('table').tBodies[0];
      const sign = head.getAttribute('aria-sort') === 'descending' ? 1 : head.getAttribute('aria-sort') === 'ascending' ? -1
        : head.classList.contains('number') ? -1 : 1;
      for (const other of head.parentNode.cells) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', sign === 1 ? 'ascending' : 'descending');
      const rows = [...body.rows].map((row) => [valueOf(row, head.cellIndex), row]);
      rows.sort((a, b) => sign * compare(a[0], b[0]));
      body.append(...rows.map((pair) => pair[1]));
      say('sorted by ' + button.textContent.trim() + ', ' + head.getAttribute('aria-sort'));
    });
  }
  const words = document.getElementById('words');
  const only = document.getElementById('only');
  const apply = () => {
    const wanted = words.value.trim().toLowerCase();
    let shown = 0;
    const rows = document.getElementById('domains').tBodies[0].rows;
    for (const row of rows) {
      const fits = row.cells[0].textContent.toLowerCase().includes(wanted)
        && (only.value === '' || row.dataset.has.split(' ').includes(only.value));
      row.hidden = !fits;
      if (fits) shown++;
    }
    const text = shown + ' of ' + rows.length + ' domains';
    document.getElementById('shown').textContent = text;
    say(text);
  };
  if (words !== null) {
    words.addEventListener('input', apply);
    only.addEventListener('change', apply);
  }
  for (const button of document.querySelectorAll('.copy button')) {
    button.addEventListener('click', async () => {
      const code = button.parentNode.querySelector('code');
      try {
        await navigator.clipboard.writeText(code.textContent);
        say('copied');
      } catch {
        const range = document.createRange();
        range.selectNodeContents(code);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        say('selected: copy it with your keyboard');
      }
    });
  }
})();
`;
