import { expect, test } from 'vitest';
import { helpForDirectory, helpForLog } from '../../src/logs/unreadable.ts';

const fault = (code: string) => Object.assign(new Error(code), { code });

test.each(['EACCES', 'EPERM'])('of %s it is said who may read, and where that is told', (code) => {
  expect(helpForLog(fault(code))).toMatch(/as root, or as a user in the group of the log .*install\.md$/);
  expect(helpForDirectory(fault(code))).toMatch(/group of the directory that the log lies in .*install\.md$/);
});

test('of what is not there it is said where to look', () => {
  expect(helpForLog(fault('ENOENT'))).toContain('postconf maillog_file');
  expect(helpForDirectory(fault('ENOENT'))).toContain('logs[].rotated');
});

test('a fault that nobody can advise on is left alone', () => {
  expect([helpForLog(fault('EIO')), helpForDirectory(fault('EIO'))]).toEqual([undefined, undefined]);
});
