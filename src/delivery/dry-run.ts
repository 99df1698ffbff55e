import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Day } from '../day.ts';
import type { Ledger, OutboxState } from '../ledger/ledger.ts';
import { fileName } from '../report/names.ts';
import { type Report, reportSchema } from '../report/schema.ts';
import type { MailSetup } from './mail-setup.ts';
import { buildParcel } from './parcel.ts';
import { type Leaving, leaving } from './past.ts';
import { toTarget } from './target.ts';

/** One mail, POST or file as it would go. */
export interface Preview {
  readonly rua: string;
  readonly state: OutboxState;
  readonly kind: 'mail' | 'https' | 'directory';
  /** UTC ms before which it does not go. */
  readonly notBefore: number;
  /** Header lines of the mail or of the request; empty for a file. */
  readonly headers: readonly string[];
  /** What a person reads in the mail; absent otherwise. */
  readonly text?: string;
  /** The envelope, the URL or the path. */
  readonly where: string;
  /** The document inside, decoded. */
  readonly document: Report;
  /** Size of the mail, the request body or the file, in bytes. */
  readonly bytes: number;
}

/** What it takes to show mails and POSTs without sending them. */
export interface PreviewDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly config: Config;
  readonly setup: MailSetup;
}

/**
 * Shows every mail, POST and file as it would go now, without changing or sending anything (`send --dry-run`). Rows
 * that were tried show the bytes that would be repeated.
 * @param released a day that goes however old it is
 */
export async function* previewDue(deps: PreviewDeps, released?: Day): AsyncGenerator<Preview> {
  for await (const one of leaving(deps, released)) {
    const preview = await previewRow(deps, one);
    if (preview !== undefined) yield preview;
  }
}

async function previewRow(deps: PreviewDeps, { row, report }: Leaving): Promise<Preview | undefined> {
  const target = toTarget(row.rua);
  if (target === undefined) return undefined;
  const kept = row.message !== undefined && row.message.length > 0 ? row.message : undefined;
  const bytes = kept ?? (await buildParcel(deps, report, row, target, deps.clock.now()));
  const common = {
    rua: row.rua,
    state: row.state,
    kind: target.kind,
    notBefore: row.notBefore,
    document: reportSchema.parse(JSON.parse(report.json)),
    bytes: bytes.byteLength,
  };
  if (target.kind === 'mail') {
    const where = `MAIL FROM:<${deps.setup.from}> RCPT TO:<${target.address}>`;
    return { ...common, where, ...mailParts(Buffer.from(bytes).toString('utf8')) };
  }
  if (target.kind === 'https') {
    const headers = [`POST ${target.url.pathname}${target.url.search}`, `Host: ${target.url.host}`];
    const typed = [
      ...headers,
      'Content-Type: application/tlsrpt+gzip',
      `Content-Length: ${bytes.byteLength}`,
    ];
    return { ...common, where: target.url.href, headers: typed };
  }
  const name = fileName({ ...report, submitter: deps.setup.submitter });
  return { ...common, where: `${target.path}/${name}`, headers: [] };
}

/** The head, and the first part as a mail program shows it. */
function mailParts(message: string): { readonly headers: readonly string[]; readonly text: string } {
  const [head = '', partHead = '', ...rest] = message.split('\r\n\r\n');
  const body = (rest.join('\r\n\r\n').split('\r\n--')[0] ?? '').replace(/\r\n/g, '\n');
  const text = partHead.includes('quoted-printable') ? fromQuotedPrintable(body) : body;
  return { headers: head.split('\r\n'), text };
}

/** RFC 2045 §6.7. */
function fromQuotedPrintable(text: string): string {
  const bytes = text
    .replace(/=\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
