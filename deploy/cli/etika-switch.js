#!/usr/bin/env node
// The `etika-switch` command. Whatever Node finds this file first, the pinned one runs the program: plain JavaScript
// that any Node since 18 can read hands over to `node_modules/.bin/node` where it is not that one already.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const self = fileURLToPath(import.meta.url);
const pinned = fileURLToPath(new URL('node_modules/.bin/node', root));
const { optionalDependencies } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
const expected = `v${optionalDependencies[`node-linux-${process.arch}`]}`;

if (process.version === expected) {
  const { main } = await import('./program.ts');
  await main(process.argv.slice(2));
} else if (process.env.ETIKA_SWITCH_HANDED_OVER || !existsSync(pinned)) {
  console.error(`etika-switch needs Node ${expected}; this is ${process.version}. Run: npm run setup`);
  process.exitCode = 1;
} else {
  handOver();
}

function handOver() {
  const child = spawn(pinned, [self, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, ETIKA_SWITCH_HANDED_OVER: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal ? 128 : 1);
  });
}
