import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../../src/config/file.ts';
import { PARSER_NAMES } from '../../src/config/logs.ts';
import { EXIT } from '../../src/errors.ts';
import { BUILT_IN } from '../../src/registry.ts';
import { makePlace, type Place } from '../cli/place.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

/** Loads a configuration whose only log is so. */
async function load(log: string) {
  const text = `organization: A\ncontact: a@example.org\nstate: x\nlogs: [{path: /a, ${log}}]\n`;
  return loadConfig(await place.write('c.yaml', text));
}

it.each([
  [
    'parser: postfx',
    '27: `logs[0].parser` must be postfix, exim, opensmtpd or auto, or the path of a parser module of yours: ./my-parser.js; did you mean `postfix`?',
  ],
  ['relayhosts: [a.example, "[x:25"]', '43: `logs[0].relayhosts[1]` must be a next hop'],
  ['parser: auto, relayhosts: ["[x:25"]', '46: `logs[0].relayhosts[0]` must be a next hop'],
  ['fallback-relays: ["a b"]', '37: `logs[0].fallback-relays[0]` must be a next hop'],
  ['hosts: {mx1: {relayhosts: ["[x:25"]}}', '46: `logs[0].hosts.mx1.relayhosts[0]` must be a next hop'],
  ['parser: exim, relayhosts: ["[x:25"]', '46: `logs[0].relayhosts[0]` must be a smart host'],
  [
    'parser: exim, options: {excludeTransport: [x]}',
    '43: `logs[0].options.excludeTransport` is no option of the exim parser; did you mean `excludeTransports`?',
  ],
  ['parser: exim, options: {excludeTransports: x}', '62: `logs[0].options.excludeTransports` must be a list'],
  ['parser: auto, options: {excludeTransport: [x]}', '43: `logs[0].options.excludeTransport` is no option'],
  [
    'options: {excludeTransports: [x]}',
    '29: `logs[0].options.excludeTransports` is no option of the postfix parser',
  ],
])('%s: is refused where it stands', async (log, words) => {
  const error = await load(log).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({
    exitCode: EXIT.config,
    message: expect.stringContaining(`c.yaml:4:${words}`),
  });
});

it.each([
  'relayhosts: ["[smtp.isp.example]:587", "smtp:b.example"], fallback-relays: [c.example]',
  'parser: exim, relayhosts: [a.example], fallback-relays: [b.example], tls-log-level: 1, options: {excludeTransports: [x]}',
  'parser: opensmtpd, relayhosts: ["smtp+tls://me@smtp.isp.example:587"], options: {tlsLogLevel: 1}',
  'parser: auto, relayhosts: ["smtp+tls://me@smtp.isp.example:587"], options: {excludeTransports: [x]}',
  'parser: ./my-parser.js, relayhosts: ["[x:25"], options: {any: thing}',
  'hosts: {mx1: {relayhosts: [a.example], tls-log-level: 0}}',
])('%s: is taken', async (log) => {
  expect((await load(log)).logs).toHaveLength(1);
});

it('knows every parser there is by name', () => {
  expect(PARSER_NAMES).toEqual([...BUILT_IN.map(({ name }) => name), 'auto']);
  for (const parser of PARSER_NAMES) {
    const text = `organization: A\ncontact: a@example.org\nstate: x\nlogs: [{path: /a, parser: ${parser}}]\n`;
    expect(parseConfig(text, 'c.yaml').logs[0]?.parser).toBe(parser);
  }
});
