/** Text as roff shows it: no line begins a request, a backslash is one, a hyphen can be copied as a minus. */
export function roff(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}

export function bold(text: string): string {
  return `\\fB${roff(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${roff(text)}\\fR`;
}

/** The head of a page, without a date: it changes with the program, not with the day. */
export function head(name: string, section: number, summary: string, version: string): string[] {
  return [
    '.\\" Made from the help texts by `npm run manual`; changes here are lost.',
    `.TH ${name.toUpperCase().replace(/-/g, '\\-')} ${section} "" "maillog\\-tlsrpt ${version}" "SMTP TLS reports"`,
    '.SH NAME',
    `${roff(name)} \\- ${roff(summary)}`,
  ];
}

export function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`.SH ${title}`, ...lines];
}

/** A term and what it means. */
export function item(term: string, words: string): string[] {
  return ['.TP', term, ...roff(words).split('\n')];
}

/** A help text: paragraphs are apart by empty lines; what is indented stands as it is. */
export function prose(text: string): string[] {
  const lines: string[] = [];
  let literal = false;
  for (const line of text.split('\n')) {
    const indented = /^ {2}/.test(line);
    if (indented && !literal) lines.push('.PP', '.nf', '.RS');
    if (!indented && literal) lines.push('.RE', '.fi');
    if (!indented && literal && line.trim() !== '') lines.push('.PP');
    literal = indented;
    if (line.trim() === '') lines.push('.PP');
    else lines.push(roff(indented ? line.slice(2) : line));
  }
  return [...lines, ...(literal ? ['.RE', '.fi'] : [])].filter(
    (line, i, all) => !(line === '.PP' && (all[i + 1] === '.PP' || i === all.length - 1)),
  );
}
