import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT, Problem } from '../src/errors.ts';
import { CONTRACT, z } from '../src/parser.ts';
import { BUILT_IN, createParser, loadParser } from '../src/registry.ts';

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'registry-'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** A foreign module as small as it can be, with what differs. */
function write(name: string, { contract = CONTRACT, more = '' } = {}): string {
  const parser = `{
    name: 'foreign',
    contract: ${contract},
    options: { safeParse: (data) => ({ success: true, data }) },
    create: () => ({ envelope: 'syslog', needles: ['x'], idleSeconds: 1, entry() {} }),
    ${more}
  }`;
  writeFileSync(join(place, name), `export const parser = ${parser};\n`);
  return `./${name}`;
}

async function problemOf(name: string): Promise<Problem> {
  const error = await loadParser(name, place).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Problem);
  return error as Problem;
}

describe('a parser named by a word', () => {
  it('is built in', async () => {
    for (const module of BUILT_IN) expect(await loadParser(module.name, place)).toBe(module);
    expect(BUILT_IN.map(({ name }) => name)).toEqual(['postfix', 'exim', 'opensmtpd']);
  });

  it('is refused where there is none, with the names there are', async () => {
    const { message, help, exitCode } = await problemOf('qmail');
    expect(exitCode).toBe(EXIT.config);
    expect(message).toBe('there is no parser `qmail`');
    expect(help).toContain('postfix, exim, opensmtpd');
    expect((await problemOf('postfx')).message).toBe('there is no parser `postfx`; did you mean `postfix`?');
  });
});

describe('a parser named by a path', () => {
  it('is loaded from there', async () => {
    const module = await loadParser(write('good.mjs'), place);
    expect(module.name).toBe('foreign');
    expect(createParser(module, {}).needles).toEqual(['x']);
  });

  it('is refused if it was written for another contract', async () => {
    const { message, where, help, exitCode } = await problemOf(
      write('newer.mjs', { contract: CONTRACT + 1 }),
    );
    expect(exitCode).toBe(EXIT.config);
    expect(message).toBe(`the parser was written for contract ${CONTRACT + 1}, this program has ${CONTRACT}`);
    expect(where).toBe(join(place, 'newer.mjs'));
    expect(help).toContain('newer version');
  });

  it('is refused if it exports none', async () => {
    for (const text of [
      'export default 1;',
      'export const parser = 7;',
      'export const parser = { name: "x" };',
    ]) {
      const name = `none-${text.length}.mjs`;
      writeFileSync(join(place, name), text);
      const { message, help } = await problemOf(`./${name}`);
      expect(message).toBe('the module exports no parser');
      expect(help).toContain('parsers/README.md');
    }
  });

  it('is refused if what it makes is not whole', async () => {
    const made = "create: () => ({ envelope: 'syslog', needles: [], idleSeconds: 1, entry() {} }),";
    const module = await loadParser(write('half.mjs', { more: made }), place);
    expect(() => createParser(module, {})).toThrow(
      'the foreign parser is not whole: `needles` is missing or wrong',
    );
  });

  it('is refused if its name could not stand in a config', async () => {
    const { message } = await problemOf(write('named.mjs', { more: "name: 'My Parser'," }));
    expect(message).toBe('the module exports no parser');
  });

  it('is refused if it cannot be loaded, with the reason', async () => {
    expect((await problemOf('./absent.mjs')).message).toMatch(/cannot be loaded/);
    writeFileSync(join(place, 'broken.mjs'), 'export const parser = {');
    expect((await problemOf('./broken.mjs')).message).toMatch(/cannot be loaded/);
    writeFileSync(join(place, 'throws.mjs'), 'throw new Error("no moon tonight");');
    expect((await problemOf('./throws.mjs')).message).toContain('no moon tonight');
  });
});

describe('options of a parser', () => {
  it('are refused with the option and what is wrong', () => {
    const [postfix, , opensmtpd] = BUILT_IN;
    if (postfix === undefined || opensmtpd === undefined) throw new Error('no parsers');
    expect(() => createParser(postfix, { tlsLogLevel: 9 })).toThrow(
      /postfix parser refuses an option: tlsLogLevel/,
    );
    expect(() => createParser(opensmtpd, { relayhosts: ['a b'] })).toThrow(
      /relayhosts\.0 must be a smart host/,
    );
  });

  it('are refused where the parser does not know their name, with the name that was meant', () => {
    const exim = BUILT_IN.find(({ name }) => name === 'exim');
    if (exim === undefined) throw new Error('no Exim');
    expect(() => createParser(exim, { excludeTransport: ['x'] })).toThrow(
      'the exim parser refuses an option: excludeTransport is no option of the exim parser; did you mean `excludeTransports`?',
    );
    const own = { ...exim, name: 'own', options: z.object({}) };
    expect(() => createParser(own, { anything: 1 })).toThrow('it has none');
    expect(
      createParser(
        { ...own, options: z.looseObject({}), create: () => exim.create(exim.options.parse({})) },
        { anything: 1 },
      ),
    ).toBeDefined();
  });

  it('of one format do not hurt another: every parser gets the common ones', () => {
    const common = {
      relayhosts: ['[smtp.isp.example]:587'],
      fallbackRelays: [],
      ownSender: 'tls-reports@example.com',
      inferPlaintext: true,
      midStream: false,
    };
    for (const module of BUILT_IN) expect(createParser(module, common).idleSeconds).toBeGreaterThan(0);
  });
});
