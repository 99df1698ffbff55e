import { EXIT, Problem } from '../errors.ts';

/** An archive that ends before its format says so. All its bytes before that were delivered. */
export class TruncatedArchive extends Problem {
  constructor(path: string, cause?: unknown) {
    super(EXIT.data, 'the archive ends before its time: it is cut off, or still being written', {
      where: path,
      help: 'the lines before were read; read it again when it is whole',
      cause,
    });
    this.name = 'TruncatedArchive';
  }
}

/** An archive whose bytes its format does not allow. */
export function corruptArchive(path: string, cause?: unknown): Problem {
  return new Problem(EXIT.data, 'the archive is damaged', { where: path, cause });
}

/** An archive from a pipe that something else stands behind: where it ends is only known when it is read once more. */
export function endlessArchive(path: string, cause?: unknown): Problem {
  return new Problem(EXIT.data, 'something else stands behind the archive', {
    where: path,
    help: 'give the archive as a file: what stands behind it is passed over then',
    cause,
  });
}
