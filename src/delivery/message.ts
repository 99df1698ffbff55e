import { createHash } from 'node:crypto';
import MimeNode from 'nodemailer/lib/mime-node';
import type { StoredReport } from '../ledger/ledger.ts';
import { fileName, subject } from '../report/names.ts';
import { reportSchema } from '../report/schema.ts';
import { type DkimKey, signMessage } from './dkim.ts';
import { gzipReport } from './gzip.ts';
import { type FailingSince, humanPart } from './human-part.ts';

/** What a report message is made from. */
export interface MessageInput {
  readonly report: StoredReport;
  /** The rua's plain addr-spec. */
  readonly to: string;
  /** The rua itself: it makes the Message-ID, so that mails to two addresses differ. */
  readonly rua: string;
  /** Envelope sender and From, an addr-spec. */
  readonly from: string;
  /** The domain of `contact`. */
  readonly submitter: string;
  readonly since: FailingSince;
  /** When the mail is made: Date and t=, UTC ms. */
  readonly time: number;
  /** Empty only where the MTA signs (`mail.dkim: mta`). */
  readonly keys: readonly DkimKey[];
  /** A rehearsal goes to `to`, and shows where it would have gone. */
  readonly rehearsal?: boolean;
}

/**
 * The report message of RFC 8460 §5.3: multipart/report with a part for people and the compressed document, signed.
 * The same input gives the same bytes; lines end in CRLF.
 */
export async function buildMessage(input: MessageInput): Promise<Buffer> {
  const { report, submitter } = input;
  const document = reportSchema.parse(JSON.parse(report.json));
  const digest = createHash('sha256').update(`${report.reportId} ${input.rua}`).digest('hex');
  const root = new MimeNode('multipart/report; report-type=tlsrpt', {
    normalizeHeaderKey: (key) => SPELLING[key.toLowerCase()] ?? key,
    baseBoundary: digest.slice(0, 24),
    boundaryPrefix: '=_tlsrpt',
    newline: 'win',
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  root.setHeader([
    { key: 'Date', value: new Date(input.time).toUTCString().replace('GMT', '+0000') },
    { key: 'From', value: { name: document['organization-name'], address: input.from } },
    { key: 'To', value: { name: '', address: input.to } },
    { key: 'Message-ID', value: `<${messageId(report.reportId, digest)}>` },
    { key: 'Subject', value: subject(report.domain, submitter, report.reportId) },
    { key: 'Auto-Submitted', value: 'auto-generated' },
    { key: 'TLS-Required', value: 'No' },
    { key: 'TLS-Report-Domain', value: report.domain },
    { key: 'TLS-Report-Submitter', value: submitter },
    ...(input.rehearsal === true ? [{ key: 'X-Rehearsal-For', value: input.rua }] : []),
  ]);
  const text = humanPart(
    document,
    report.domain,
    input.since,
    input.rehearsal === true ? input.rua : undefined,
  );
  root
    .createChild('text/plain; charset=utf-8')
    .setHeader('Content-Transfer-Encoding', /^[\n\x20-\x7e]*$/.test(text) ? '7bit' : 'quoted-printable')
    .setContent(text);
  attach(root, fileName({ ...report, submitter }), gzipReport(report.json));
  const message = await root.build();
  return signMessage(message, input.keys, input.time);
}

/** nodemailer writes `Tls-Report-Domain`; case does not matter there, yet people look for the RFC's spelling. */
const SPELLING: Readonly<Record<string, string>> = {
  'tls-required': 'TLS-Required',
  'tls-report-domain': 'TLS-Report-Domain',
  'tls-report-submitter': 'TLS-Report-Submitter',
};

/** Kept over retries, so that a repeat is known as one. */
function messageId(reportId: string, digest: string): string {
  const at = reportId.lastIndexOf('@');
  return `${reportId.slice(0, at)}.${digest.slice(0, 12)}${reportId.slice(at)}`;
}

/**
 * The document's part. The name is written in one piece, whatever its length: nodemailer would cut it into
 * `filename*0`, `filename*1`, and receivers that go by name do not all read that. It holds no quote or backslash.
 */
function attach(root: MimeNode, name: string, gzip: Buffer): void {
  const part = root.createChild();
  part.setHeader([
    { key: 'Content-Type', value: { prepared: true, value: `application/tlsrpt+gzip;\r\n name="${name}"` } },
    { key: 'Content-Disposition', value: { prepared: true, value: `attachment;\r\n filename="${name}"` } },
    { key: 'Content-Transfer-Encoding', value: 'base64' },
  ]);
  part.setContent(gzip);
}
