const DAY_MS = 86_400_000;
const EVERY_MS = 30_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A day of a host with little to do, from UTC ms on: a message every half a minute, some of which take minutes. */
export function sparseDay(begin: number): string {
  const lines: { readonly time: number; readonly text: string }[] = [];
  for (let time = begin, n = 0; time < begin + DAY_MS; time += EVERY_MS, n++) lines.push(...message(time, n));
  return lines
    .sort((a, b) => a.time - b.time)
    .map(({ time, text }) => `${stamp(time)} mail7 ${text}\n`)
    .join('');
}

/** Its lines; one in twenty is never delivered, one in thirty meets no TLS. */
function message(time: number, n: number): { readonly time: number; readonly text: string }[] {
  const tag = `postfix/smtp[${100 + (n % 9)}]: `;
  const id = `4d${String(n)
    .padStart(8, '0')
    .replace(/[1aeiou]/g, 'z')}zz`;
  const server = `mx.d${n % 40}.example[192.0.2.${(n % 200) + 1}]:25`;
  const trust = n % 3 === 0 ? 'Verified' : 'Untrusted';
  const summary = `${tag}${trust} TLS connection established to ${server}: TLSv1.3 with cipher X (256/256 bits)`;
  const delivery = `${tag}${id}: to=<u${n}@d${n % 40}.example>, relay=${server}, delay=9, delays=1/1/1/6, dsn=2.0.0, status=sent (250 2.0.0 Ok)`;
  const lasts = n % 11 === 0 ? 240_000 : 2000;
  return [
    { time, text: `postfix/qmgr[7]: ${id}: from=<a@here.example>, size=9, nrcpt=1 (queue active)` },
    ...(n % 30 === 7 ? [] : [{ time: time + 1000, text: summary }]),
    ...(n % 20 === 3 ? [] : [{ time: time + lasts, text: delivery }]),
    { time: time + lasts, text: `postfix/qmgr[7]: ${id}: removed` },
  ];
}

function stamp(time: number): string {
  const date = new Date(time);
  return `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${date.toISOString().slice(11, 19)}`;
}
