import type { Segment } from '../ledger/ledger.ts';
import type { OpenLogOptions } from '../logs/archive.ts';
import type { SegmentStart } from '../logs/segment-start.ts';
import { TruncatedArchive } from '../logs/truncated-archive.ts';
import type { SourceFile } from './source.ts';
import { firstStamp, headOf, isDated, type StampQuestion, stampReader } from './stamps.ts';

/** A file, and what it was found to hold. */
export interface GenerationQuestion extends StampQuestion {
  readonly file: SourceFile;
  readonly start: Pick<SegmentStart, 'segment' | 'unsure'>;
  /** Every segment of the host and parser. */
  readonly known: readonly Segment[];
  readonly input: OpenLogOptions;
}

/**
 * Whether a file that is short, and has but the first line in common with a known segment, is not the beginning of that
 * one: each generation of some logs begins with the same line, which then bears no stamp. It is another one if it was
 * begun at a time at which no segment with that line was written; a live file need not even be begun.
 * @throws Problem, MovedFile, Stopped
 */
export async function isAnotherGeneration(question: GenerationQuestion): Promise<boolean> {
  const { file, start, known } = question;
  if (start.unsure !== true || file.found === undefined) return false;
  const head = await headOrNone(question);
  const newline = head.indexOf('\n');
  if (newline < 0 || isDated(head.toString('utf8', 0, newline), question)) return false;
  const begin = firstStamp(head, stampReader(question));
  if (begin === undefined) return file.live === true;
  return known
    .filter(({ firstLine }) => firstLine === start.segment?.firstLine)
    .every(
      ({ firstTime, lastTime }) =>
        firstTime === undefined || lastTime === undefined || begin < firstTime || begin > lastTime,
    );
}

/** One that is cut off in its beginning is looked at again when it is whole. */
async function headOrNone({ file, input }: GenerationQuestion): Promise<Buffer> {
  try {
    return await headOf(file.path, input);
  } catch (error) {
    if (error instanceof TruncatedArchive) return Buffer.alloc(0);
    throw error;
  }
}
