import { describe, expect, it } from 'vitest';
import { admit } from '../../src/delivery/guard.ts';

const finds =
  (...addresses: string[]) =>
  async () =>
    addresses;

describe('who may be contacted', () => {
  it('a host all of whose addresses are public, and the connection goes to these', async () => {
    const admission = await admit('r.example', finds('8.8.8.8', '2a00::1'), false);
    expect(admission).toEqual({ kind: 'admitted', addresses: ['8.8.8.8', '2a00::1'] });
  });

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '::1',
    'fd00::1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
  ])('not one with %s among its addresses', async (address) => {
    expect(await admit('r.example', finds('8.8.8.8', address), false)).toMatchObject({ kind: 'refused' });
  });

  it('address literals are judged without a look-up', async () => {
    const never = async () => {
      throw new Error('asked');
    };
    expect(await admit('127.0.0.1', never, false)).toMatchObject({ kind: 'refused' });
    expect(await admit('[::1]', never, false)).toMatchObject({ kind: 'refused' });
    expect(await admit('8.8.8.8', never, false)).toEqual({ kind: 'admitted', addresses: ['8.8.8.8'] });
  });

  it('a name that cannot be looked up, or has no address, is asked for again', async () => {
    const fails = async () => {
      throw Object.assign(new Error('x'), { code: 'ESERVFAIL' });
    };
    expect(await admit('r.example', fails, false)).toMatchObject({
      kind: 'unknown',
      reason: 'the name r.example could not be looked up: ESERVFAIL',
    });
    expect(await admit('r.example', finds(), false)).toMatchObject({ kind: 'unknown' });
  });

  it('loopback only where the config allows it', async () => {
    expect(await admit('r.example', finds('127.0.0.1'), true)).toMatchObject({ kind: 'admitted' });
  });
});
