import { MORNING_AFTER, type Place } from './place.ts';
import { runCli } from './run-cli.ts';

/**
 * What a command says with either ledger, but for what must differ: the ledger's size and its place.
 * @param shared the address of the database
 * @param words for a ledger's address and the directory of what is written beside it
 */
export async function saidByBoth(
  place: Place,
  shared: string,
  words: (state: string, out: string) => readonly string[],
): Promise<readonly [string, string]> {
  const outputs: string[] = [];
  for (const [state, out] of [
    [place.path('state'), place.path('own')],
    [shared, place.path('common')],
  ] as const) {
    const result = await runCli([
      ...words(state, out),
      '--now',
      MORNING_AFTER,
      '--config',
      place.config,
      '--state',
      state,
    ]);
    const text = `${result.code}\n${result.stdout}${result.stderr}`
      .replaceAll(state, 'STATE')
      .replaceAll(out, 'OUT')
      .replaceAll(/the (shared ledger answers|ledger in STATE can be used)/g, 'the ledger answers')
      .replaceAll(/, [\d.]+ [kM]B/g, ', N MB')
      .replace(/(Ledger\n) +[\d.]+ k?M?B/, '$1 N')
      .replace(/("seconds":|last run .*: )[\d.]+/g, '$1N');
    outputs.push(text.replace(/("?(?:ledger|size)[a-z_"]*[:=]? ?)\d+/gi, '$1N'));
  }
  const [own = '', common = ''] = outputs;
  return [own, common];
}
