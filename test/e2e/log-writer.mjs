/** A daemon that logs numbered lines: `node log-writer.mjs PATH LINES LINES-A-SECOND`. `reopen` makes it open its log anew. */
import { closeSync, openSync, writeSync } from 'node:fs';

const [path, lines, rate] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const BEGIN = Date.parse('2026-11-20T10:00:00Z');
const TICK_MS = 5;
const open = () => openSync(path, 'a', 0o640);

let file = open();
let next = 0;
const begun = performance.now();

process.on('message', (word) => {
  if (word !== 'reopen') return;
  closeSync(file);
  file = open();
  process.send?.('reopened');
});

function textTo(end) {
  let text = '';
  for (; next < end; next++)
    text += `${new Date(BEGIN + next * 1000).toISOString()} mta1 test[1]: line ${next}\n`;
  return text;
}

const timer = setInterval(() => {
  const due = Math.min(lines, Math.ceil(((performance.now() - begun) / 1000) * rate));
  const text = textTo(due);
  if (text.length > 0) {
    // A line may reach the file in two parts.
    const cut = Math.floor(text.length / 2);
    writeSync(file, text.slice(0, cut));
    writeSync(file, text.slice(cut));
  }
  if (next < lines) return;
  clearInterval(timer);
  process.send?.('done');
}, TICK_MS);
