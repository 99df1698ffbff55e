import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { parsePolicyAnswer } from '../../src/policy/policy-answer.ts';
import { policyServer } from '../../src/policy/policy-server.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** A socketmap server as Postfix's plugins are: netstrings over TCP. */
async function serve(
  answer: (question: string) => string | undefined,
): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      const question = /^\d+:(.*),$/s.exec(chunk.toString())?.[1] ?? '';
      asked.push(question);
      const reply = answer(question);
      if (reply === undefined) socket.destroy();
      else socket.end(`${Buffer.byteLength(reply)}:${reply},`);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, asked };
}

const ENFORCE =
  'OK secure match=mx.sts-ok.test servername=hostname policy_type=sts policy_domain=sts-ok.test { policy_string = version: STSv1 } { policy_string = mode: enforce } { policy_string = mx: mx.sts-ok.test } { policy_string = max_age: 86400 } mx_host_pattern=mx.sts-ok.test';

describe('a reply of a policy server', () => {
  test('a policy of MTA-STS with its text', () => {
    expect(parsePolicyAnswer(ENFORCE)).toEqual({
      kind: 'sts',
      sts: {
        state: 'policy',
        mode: 'enforce',
        lines: ['version: STSv1', 'mode: enforce', 'mx: mx.sts-ok.test', 'max_age: 86400'],
        mx: ['mx.sts-ok.test'],
      },
    });
  });

  test('testing mode is handed out as may', () => {
    const testing = ENFORCE.replace('secure match=mx.sts-ok.test', 'may').replace('enforce', 'testing');
    expect(parsePolicyAnswer(testing)).toMatchObject({ sts: { mode: 'testing' } });
    expect(parsePolicyAnswer('OK may policy_type=sts mx_host_pattern=*.a.example')).toMatchObject({
      sts: { mode: 'testing', mx: ['*.a.example'] },
    });
  });

  test('a policy that could not be had', () => {
    expect(parsePolicyAnswer(`${ENFORCE} policy_failure=sts-webpki-invalid`)).toMatchObject({
      sts: { state: 'error', error: { resultType: 'sts-webpki-invalid' } },
    });
  });

  test.each([
    ['NOTFOUND ', { kind: 'none' }],
    ['NOTFOUND', { kind: 'none' }],
    ['OK dane-only', { kind: 'none' }],
    ['OK may', { kind: 'none' }],
    ['OK secure match=mx.a.example:.b.example servername=hostname', { kind: 'sts-without-text' }],
    ['TEMP resolver is down', { kind: 'unavailable', reason: 'TEMP resolver is down' }],
    ['', { kind: 'unavailable' }],
    ['garbage', { kind: 'unavailable' }],
  ])('%j', (reply, expected) => {
    expect(parsePolicyAnswer(reply)).toMatchObject(expected);
  });
});

describe('asking it', () => {
  test('the table and the domain, as Postfix asks', async () => {
    const { port, asked } = await serve(() => ENFORCE);
    const ask = policyServer(`socketmap:inet:127.0.0.1:${port}:QUERYwithTLSRPT`);
    expect(await ask?.('sts-ok.test')).toMatchObject({ kind: 'sts' });
    expect(asked).toEqual(['QUERYwithTLSRPT sts-ok.test']);
  });

  test('one that is gone is not asked again', async () => {
    const { port, asked } = await serve(() => undefined);
    const ask = policyServer(`socketmap:inet:127.0.0.1:${port}:postfix`);
    expect(await ask?.('a.example')).toEqual({ kind: 'unavailable', reason: 'it hung up' });
    expect(await ask?.('b.example')).toMatchObject({ kind: 'unavailable' });
    expect(asked).toEqual(['postfix a.example']);
  });

  test('a trouble of its own is no reason to stop asking', async () => {
    const { port, asked } = await serve((question) =>
      question.endsWith('a.example') ? 'TEMP later' : 'NOTFOUND ',
    );
    const ask = policyServer(`socketmap:inet:127.0.0.1:${port}:postfix`);
    expect(await ask?.('a.example')).toMatchObject({ kind: 'unavailable' });
    expect(await ask?.('b.example')).toEqual({ kind: 'none' });
    expect(asked).toHaveLength(2);
  });

  test('a table of another kind is none of our business', () => {
    for (const table of ['hash:/etc/postfix/tls_policy', 'socketmap:inet:127.0.0.1', 'tcp:127.0.0.1:1'])
      expect(policyServer(table)).toBeUndefined();
    expect(policyServer('socketmap:unix:/run/mta-sts:postfix')).toBeDefined();
  });
});
