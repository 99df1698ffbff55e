import { mkdir } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/file.ts';
import { makePlace, type Place } from '../cli/place.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace();
  await mkdir(place.path('keys'));
});
afterEach(() => place.remove());

it('starts every relative path from the directory of the configuration', async () => {
  const text = `organization: A
contact: a@example.org
state: ledger
mail: {dkim: {domain: example.org, selector: s, key: keys/dkim.pem}, password-file: secret, sendmail: ./sendmail}
delivery:
  directory: reports
  https-ca: ca.pem
fleet: {export-key: own.pem, import-keys: [{host: b, key: keys/b.pem}]}
alerts: {command: [./alert, ./as-it-is]}
metrics: {textfile: tls.prom}
`;
  const config = await loadConfig(await place.write('other.yaml', text));
  const { path } = place;
  expect(config.state).toBe(path('ledger'));
  expect(config.mail).toMatchObject({
    dkim: { key: path('keys/dkim.pem') },
    'password-file': path('secret'),
    sendmail: path('sendmail'),
  });
  expect(config.delivery).toMatchObject({ directory: path('reports'), 'https-ca': path('ca.pem') });
  expect(config.fleet).toMatchObject({
    'export-key': path('own.pem'),
    'import-keys': [{ key: path('keys/b.pem') }],
  });
  expect(config.alerts.command).toEqual([path('alert'), './as-it-is']);
  expect(config.metrics.textfile).toBe(path('tls.prom'));
});

it('leaves the addresses of receivers and the names of programs alone', async () => {
  const text = `organization: A
contact: a@example.org
state: postgres://db.example/tls
alerts: {command: [tls-alert]}
delivery: {destinations: [{action: append, to: ["mailto:a@example.org"]}]}
`;
  const config = await loadConfig(await place.write('other.yaml', text));
  expect(config.state).toBe('postgres://db.example/tls');
  expect(config.alerts.command).toEqual(['tls-alert']);
  expect(config.delivery.destinations[0]?.to).toEqual(['mailto:a@example.org']);
});
