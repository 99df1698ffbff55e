import { describe, expect, it } from 'vitest';
import { close, hello } from './event-lines.ts';
import { message, OK, ROUTE, tell, X } from './reading.ts';

/** More than are kept in mind of one message. */
const MANY = 60;
const each = (lines: (n: number) => string[]) => Array.from({ length: MANY }, (_, n) => lines(n)).flat();
const failing = (n: number) => `mx0.d${n}.example [192.0.2.${n + 1}]`;
const served = (n: number) =>
  `=> u@d${n}.example ${ROUTE} H=mx1.d${n}.example [198.51.100.${n + 1}] ${X} CV=yes ${OK}`;

describe('of a message to more hosts than are kept in mind', () => {
  it.each([
    [
      'failures that no line of their host claims',
      (n: number) => `H=${failing(n)}: a TLS session is required, but the server did not offer TLS support`,
      'starttls-not-supported (the server did not offer TLS support)',
    ],
    [
      'certificates that other hosts took the mail for',
      (n: number) => `[192.0.2.${n + 1}] SSL verify error: depth=0 error=certificate has expired cert=/CN=x`,
      'certificate-expired (certificate has expired)',
    ],
  ])('%s are all told', (_, failure, verdict) => {
    const told = tell(message(...each((n) => [failure(n), served(n)]), 'Completed'));
    expect(told.filter((one) => one.includes(' ok '))).toHaveLength(MANY);
    const failed = told.filter((one) => one.includes(verdict)).map((one) => one.split(' ', 1)[0]);
    expect(failed.sort()).toEqual(each((n) => [`d${n}.example`]).sort());
  });

  it('connections that the snippet saw end in clear text are all told', () => {
    const lines = each((n) => {
      const fields = { host: `mx1.d${n}.example`, ip: `192.0.2.${n + 1}`, domain: `d${n}.example` };
      return [hello({ ...fields, starttls: 'no' }), close(fields)];
    });
    expect(tell(message(...lines, 'Completed'))).toHaveLength(MANY);
  });

  it('cutthrough deliveries are all told', () => {
    expect(tell(message(...each((n) => [served(n).replace('=>', '>>')]), 'Completed'))).toHaveLength(MANY);
  });
});
