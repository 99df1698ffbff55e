import type { FoundKey } from './facts.ts';
import { readHostFile } from './host-file.ts';

/** The keys of opendkim.conf(5): one by Domain, Selector and KeyFile, or many by KeyTable. */
export async function opendkimKeys(root: string): Promise<FoundKey[]> {
  const text = await readHostFile(root, '/etc/opendkim.conf');
  const value = (name: string) => new RegExp(`^\\s*${name}\\s+([^#\\n]*[^#\\s])`, 'im').exec(text)?.[1];
  // Without `s` it only verifies what comes in.
  if (!(value('Mode') ?? 'sv').includes('s')) return [];
  const [selector, path] = [value('Selector'), value('KeyFile')];
  const domains = selector === undefined ? [] : await entriesOf(value('Domain') ?? '', root);
  const single = domains.map((domain) => ({
    signer: 'opendkim',
    domain,
    selector: selector ?? '',
    ...(path !== undefined && { path }),
  }));
  const table = await entriesOf(value('KeyTable') ?? '', root);
  return [...single, ...table.flatMap(keyOfRow)];
}

/** `name domain:selector:file`, in a file, or with `=` behind the name in a list. */
function keyOfRow(row: string): FoundKey[] {
  const [, domain = '', selector = '', path = ''] =
    /^[^\s=]+(?:\s+|\s*=\s*)([^:\s]+):([^:\s]+):(\S+)/.exec(row) ?? [];
  return path === '' ? [] : [{ signer: 'opendkim', domain, selector, path }];
}

/** The entries of a data set (opendkim(8)): the lines of a file, or a list with commas. */
async function entriesOf(dataSet: string, root: string): Promise<string[]> {
  const isFile = /^(?:refile:|file:)?\//.test(dataSet);
  const rows = isFile
    ? (await readHostFile(root, dataSet.replace(/^(?:refile|file):/, ''))).split('\n')
    : dataSet.replace(/^csl:/, '').split(',');
  return rows.map((row) => row.trim()).filter((row) => row !== '' && !row.startsWith('#'));
}
