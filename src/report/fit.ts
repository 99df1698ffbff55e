import { type Built, buildReport, type ReportInput } from './build.ts';

/**
 * Builds a report that is small enough to be taken: where the document is too large, the limit on failure details is
 * halved until it fits. Counts stay exact, and the same tallies still give the same bytes.
 * @param fits whether a document is small enough
 */
export function buildFittingReport(input: ReportInput, fits: (json: string) => boolean): Built {
  let details = input.config.report['max-failure-details'];
  for (;;) {
    const report = { ...input.config.report, 'max-failure-details': details };
    const built = buildReport({ ...input, config: { ...input.config, report } });
    if (built.kind === 'nothing' || details === 1 || fits(built.json)) return built;
    details = Math.ceil(details / 2);
  }
}
