import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { STYLE } from '../../src/dashboard/style.ts';
import { noCounts } from '../../src/dashboard/tls-class.ts';
import { trendChart } from '../../src/dashboard/trend-chart.ts';
import { addDays } from '../../src/day.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { makePlace, type Place, SAMPLE_LOG } from '../cli/place.ts';
import { runCli } from '../cli/run-cli.ts';
import { HOSTILE } from '../dashboard/hostile.ts';
import { type Page, withPage } from './chromium.ts';

const NOW = '2026-11-24T05:00:00Z';
const LAST_DAY = '2026-11-23';
const DAYS = 30;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Set to write the pictures of docs/ anew. */
const KEEP_IMAGES = process.env['KEEP_IMAGES'] === '1';
const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));

/** Labels of the chart that stand out of it, or where the bars are. */
const CUT_LABELS = `(() => {
  const { width, height } = document.querySelector('.chart').viewBox.baseVal;
  const left = Math.min(...[...document.querySelectorAll('.chart line')].map((each) => each.x1.baseVal.value));
  return [...document.querySelectorAll('.chart text')]
    .filter((each) => getComputedStyle(each).display !== 'none')
    .filter((each) => {
      const box = each.getBBox();
      const right = each.getAttribute('text-anchor') === 'end' ? left : width;
      return box.x < 0 || box.y < -4 || box.x + box.width > right || box.y + box.height > height + 4;
    })
    .map((each) => each.textContent);
})()`;

let place: Place;
beforeAll(async () => {
  place = await makePlace();
});
afterAll(() => place.remove());

/** A month of the sample's day, busier on some days than on others, with reports of every fate. */
async function aMonth(): Promise<string> {
  const month = await makePlace();
  try {
    const sample = await readFile(SAMPLE_LOG, 'utf8');
    const files: string[] = [];
    for (let back = DAYS - 1; back >= 0; back--) {
      const day = addDays(LAST_DAY, -back);
      const stamp = `${MONTHS[Number(day.slice(5, 7)) - 1]} ${day.slice(8).replace(/^0/, ' ')} `;
      const text = sample.replace(/^Nov 23 /gm, stamp).repeat(1 + ((back * 7) % 5));
      files.push(await month.write(`mail.log.${back}`, text));
    }
    const options = ['--config', month.config, '--now', NOW];
    await runCli(['backfill', ...files, '--timezone', 'UTC', '--host', 'mta1', ...options]);
    await freezeReports(month.path('state'));
    const { stdout } = await runCli(['dashboard', '--domains', '14', ...options]);
    // As it is where the configuration is at its usual place.
    const usual = stdout.replaceAll(` --config ${month.config}`, '');
    return place.write('month.html', usual.replaceAll(`${month.directory}/`, '/var/log/'));
  } finally {
    await month.remove();
  }
}

async function freezeReports(state: string): Promise<void> {
  const ledger = await openLedger(state);
  const fates = ['sent', 'sent', 'sent', 'sent', 'retry', 'given-up'] as const;
  const words: Partial<Record<(typeof fates)[number], string>> = {
    retry: '451 4.7.1 greylisted, come back later',
    'given-up': '550 5.1.1 no such user here',
  };
  for (const [i, fate] of fates.entries()) {
    const day = addDays(LAST_DAY, -(i % 3));
    const domain = `receiver${i}.example`;
    const report = { day, domain, revision: 1, reportId: `r${i}`, json: '{}', builtAt: Date.parse(NOW) };
    const rua = `mailto:tls-reports@${domain}`;
    const { id: reportId } = await ledger.freeze(report, [], [{ rua, state: 'due', notBefore: 0 }]);
    const [row] = await ledger.outbox({ reportId });
    const lastResult = words[fate];
    await ledger.moveOutbox(row?.id ?? 0, 'due', {
      state: fate,
      attempts: 1,
      ...(lastResult !== undefined && { lastResult }),
    });
  }
  await ledger.close();
}

/** A page in which every text that strangers choose is hostile. */
async function hostilePage(): Promise<string> {
  const hour = Date.parse(`${LAST_DAY}T10:00:00Z`);
  const ledger = await openLedger(place.path('hostile'));
  const log = await ledger.log('mta1', 'postfix', `/var/log/${HOSTILE[0]}`);
  const sessions = HOSTILE.map((name, i) => {
    const common = {
      hour,
      host: 'mta1',
      parser: 'postfix',
      recipientDomain: name,
      basis: 'tls-line',
    } as const;
    const key =
      i % 2 === 0
        ? ({ ...common, outcome: 'success', peerTrust: 'trusted' } as const)
        : ({
            ...common,
            outcome: 'failure',
            resultType: 'validation-failure',
            failureReasonCode: name,
          } as const);
    return [String(i), { key, count: i + 1 }] as const;
  });
  await ledger.commit({
    logId: log.id,
    ingestedAt: hour,
    sessions: new Map(sessions),
    openChanged: [],
    openDeleted: [],
    expectedVersion: log.version,
    refuseOverlap: false,
  });
  for (const [i, name] of HOSTILE.entries()) {
    const report = { day: LAST_DAY, domain: name, revision: 1, reportId: `h${i}`, json: '{}', builtAt: hour };
    const { id: reportId } = await ledger.freeze(report, [], [{ rua: name, state: 'due', notBefore: 0 }]);
    const [row] = await ledger.outbox({ reportId });
    await ledger.moveOutbox(row?.id ?? 0, 'due', { state: 'given-up', attempts: 1, lastResult: name });
  }
  await ledger.close();
  const config = await place.write(
    'hostile.yaml',
    `organization: ${JSON.stringify(HOSTILE[3])}\ncontact: tls@reports.example\nstate: ${place.path('hostile')}\n`,
  );
  const out = place.path('hostile.html');
  expect((await runCli(['dashboard', '--out', out, '--config', config, '--now', NOW])).code).toBe(0);
  return out;
}

async function column(page: Page, table: string, index: number): Promise<string[]> {
  return page.evaluate(
    `[...document.querySelectorAll('${table} tbody tr')].filter((row) => !row.hidden).map((row) => row.cells[${index}].textContent)`,
  );
}

it('shows hostile names as text, and runs nothing', async () => {
  await withPage(pathToFileURL(await hostilePage()).href, async (page) => {
    expect(await page.evaluate('typeof window.hacked')).toBe('undefined');
    expect(await page.evaluate("document.querySelectorAll('script, style').length")).toBe(2);
    expect(
      await page.evaluate(
        "document.querySelectorAll('img, iframe, object, [onerror], [onload], [onmouseover]').length",
      ),
    ).toBe(0);
    const shown = HOSTILE.map((name) => name.replace(/[\u0007\u200b\u202e]/g, '?')).sort();
    expect((await column(page, '#domains', 0)).sort()).toEqual(shown);
    expect(await page.evaluate('document.title')).toContain(HOSTILE[3]);
    // Moving over and clicking everything starts nothing either.
    await page.evaluate(
      "document.querySelectorAll('body *').forEach((each) => { each.dispatchEvent(new Event('mouseover')); })",
    );
    await page.evaluate("document.querySelectorAll('button').forEach((each) => each.click())");
    expect(await page.evaluate('typeof window.hacked')).toBe('undefined');
    expect(page.complaints).toEqual([]);
  });
});

it('lets no script run but its own, even where markup got in', async () => {
  const text = await readFile(await hostilePage(), 'utf8');
  const path = await place.write(
    'broken.html',
    text.replace('<main>', '<main><script>window.hacked = 1</script>'),
  );
  await withPage(pathToFileURL(path).href, async (page) => {
    expect(await page.evaluate('typeof window.hacked')).toBe('undefined');
    expect(page.complaints.join()).toContain('Content Security Policy');
  });
});

it('sorts and filters without a server, by mouse and by keyboard', async () => {
  await withPage(pathToFileURL(await aMonth()).href, async (page) => {
    const click = (title: string) =>
      page.evaluate(
        `[...document.querySelectorAll('#domains thead button')].find((each) => each.textContent === '${title}').click()`,
      );
    const numbers = async (index: number) =>
      (await column(page, '#domains', index)).map((text) => Number(text.replace(/[,%]/g, '')));
    const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);

    await click('Failures');
    expect(await numbers(3)).toEqual(ascending(await numbers(3)).reverse());
    await click('Failures');
    expect(await numbers(3)).toEqual(ascending(await numbers(3)));
    await click('Domain');
    const names = await column(page, '#domains', 0);
    expect(names).toEqual([...names].sort());
    expect(await page.evaluate("document.querySelector('#domains th[aria-sort]').textContent")).toBe(
      'Domain',
    );

    await page.evaluate("document.querySelector('#domains thead button').focus()");
    const key = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' };
    await page.call('Input.dispatchKeyEvent', { type: 'keyDown', ...key });
    await page.call('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
    expect(await column(page, '#domains', 0)).toEqual([...names].reverse());

    await page.evaluate("document.getElementById('words').focus()");
    await page.call('Input.insertText', { text: 'DANE' });
    const dane = await column(page, '#domains', 0);
    expect(dane.length).toBeGreaterThan(0);
    expect(dane.every((name) => name.includes('dane'))).toBe(true);
    expect(await page.evaluate("document.getElementById('shown').textContent")).toBe(
      `${dane.length} of 14 domains`,
    );

    await page.evaluate(
      "(() => { const only = document.getElementById('only'); only.value = 'reported'; only.dispatchEvent(new Event('change')); })()",
    );
    expect((await numbers(3)).every((count) => count > 0)).toBe(true);

    await page.evaluate("document.querySelector('#failures .copy button').click()");
    await expect
      .poll(() => page.evaluate("document.getElementById('said').textContent"))
      .toMatch(/^(copied|selected: copy it with your keyboard)$/);
    expect(page.complaints).toEqual([]);
  });
});

it('shows every label of the chart whole, however many sessions and days there are', async () => {
  const days = (count: number, most: number) =>
    Array.from({ length: count }, (_, i) => ({
      day: addDays(LAST_DAY, i + 1 - count),
      counts: { ...noCounts(), verified: i % 2 === 0 ? most : 1 },
    }));
  for (const [count, most] of [
    [1, 3],
    [25, 1900],
    [29, 4_800_000],
    [366, 45_000],
  ] as const) {
    const page = `<!DOCTYPE html><style>${STYLE}</style><main>${trendChart(days(count, most)).text}</main>`;
    const path = await place.write('chart.html', page);
    await withPage(pathToFileURL(path).href, async (shown) => {
      for (const width of [390, 700, 1200]) {
        await shown.show(width, 800, 'light');
        expect([count, most, width, await shown.evaluate(CUT_LABELS)]).toEqual([count, most, width, []]);
      }
    });
  }
});

it.each([
  ['wide', 1200, 1100, 'light'],
  ['wide', 1200, 1100, 'dark'],
  ['narrow', 390, 1500, 'light'],
  ['narrow', 390, 1500, 'dark'],
] as const)('is readable and accessible: %s %i×%i %s', async (name, width, height, scheme) => {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await withPage(pathToFileURL(await aMonth()).href, async (page) => {
    await page.show(width, height, scheme);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(await page.evaluate(CUT_LABELS)).toEqual([]);
    await page.evaluate(`${axe}; 0`);
    const faults = await page.evaluate(
      "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))",
    );
    expect(faults).toEqual([]);
    const image = await page.screenshot();
    expect(image.length).toBeGreaterThan(10_000);
    if (KEEP_IMAGES) await writeFile(`${IMAGES}dashboard-${name}-${scheme}.png`, image);
  });
});
