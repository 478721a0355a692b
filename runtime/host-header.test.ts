import { expect, test } from 'vitest';
import { isOwnHost } from './host-header.ts';

test.each([
  ['localhost', true],
  ['LOCALHOST:8080', true],
  ['127.0.0.1:8080', true],
  ['[::1]:8080', true],
  ['10.1.2.3', true],
  ['admin.example', true],
  ['admin.example:443', true],
  ['evil.example', false],
  ['evil.example:8080', false],
  ['localhost.evil.example', false],
  ['127.0.0.1.evil.example', false],
  ['a:b:c', false],
  ['', false],
  [undefined, false],
])('%s: %s', (header, isOwn) => {
  expect(isOwnHost(header, ['admin.example'])).toBe(isOwn);
});
