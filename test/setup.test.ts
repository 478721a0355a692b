import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
let clone: string;

/** A clone whose packages are those of this one: nothing here may really install. */
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'set up '));
  mkdirSync(join(clone, 'deploy'));
  for (const file of ['deploy/setup.mjs', 'package.json', 'package-lock.json']) {
    cpSync(join(root, file), join(clone, file));
  }
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

function installed(): void {
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
}

/** Without a PATH there is no npm, no apt-get and no sudo: whatever it wants to install, it cannot. */
function setUp(environment: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(clone, 'deploy/setup.mjs')], {
    encoding: 'utf8',
    env: { PATH: '/nonexistent', ...environment },
  });
  return { status, printed: stdout + stderr };
}

test('where all is there it says nothing', () => {
  installed();
  expect(setUp()).toEqual({ status: 0, printed: '' });
});

test('a fresh clone installs its packages, and says what that needs where it cannot', () => {
  const { status, printed } = setUp();
  expect(status).toBe(1);
  expect(printed).toContain('Installing npm packages (nothing is installed yet)');
  expect(printed).toMatch(/npm ci failed .*\n.*ENOENT/);
  expect(printed).toContain('apt-get install -y g++ make python3');
});

/** In the place of npm: it says where it was told to look, and installs nothing. */
const NPM_THAT_TELLS = `#!/bin/sh
echo "keeps its packages in $npm_config_cache|"
test -f "$npm_config_nodedir/include/node/node.h" && echo "has the headers of Node in $npm_config_nodedir|"
exit 1
`;

test('behind a read-only home npm keeps its packages in the clone, and what it compiles finds Node in a path without spaces', () => {
  mkdirSync(join(clone, 'node_modules'));
  const node = `node-linux-${process.arch}`;
  symlinkSync(join(root, 'node_modules', node), join(clone, 'node_modules', node));
  mkdirSync(join(clone, 'bin'));
  writeFileSync(join(clone, 'bin/npm'), NPM_THAT_TELLS, { mode: 0o755 });
  const path = `${join(clone, 'bin')}:/bin`;
  const { printed } = setUp({ PATH: path, HOME: '/sys' });
  expect(printed).toContain(`keeps its packages in ${join(clone, '.data/npm-cache')}|`);
  expect(printed).toMatch(/has the headers of Node in [^ ]+\|/);
  expect(setUp({ PATH: path, HOME: clone }).printed).toContain('keeps its packages in |');
});

test('a lock file that moved on is noticed by its content, whatever the file times say', () => {
  installed();
  const lock = JSON.parse(readFileSync(join(clone, 'package-lock.json'), 'utf8'));
  lock.packages['node_modules/pg'].version = '99.0.0';
  writeFileSync(join(clone, 'package-lock.json'), JSON.stringify(lock));
  const { status, printed } = setUp();
  expect(status).toBe(1);
  expect(printed).toContain('Installing npm packages (node_modules/pg is not at 99.0.0)');
});

test('a Node that is not the pinned one is named', () => {
  installed();
  const manifest = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8'));
  for (const name of Object.keys(manifest.optionalDependencies)) {
    manifest.optionalDependencies[name] = '24.99.9';
  }
  writeFileSync(join(clone, 'package.json'), JSON.stringify(manifest));
  const { status, printed } = setUp();
  expect(status).toBe(1);
  expect(printed).toContain(`node_modules/.bin/node is ${process.version}, expected v24.99.9`);
});

test('a PKCS#11 module that does not exist is named, and SoftHSM is not installed in its stead', () => {
  installed();
  const { status, printed } = setUp({ PKCS11_MODULE: '/opt/vendor/absent.so' });
  expect(status).toBe(1);
  expect(printed).toContain('PKCS11_MODULE names /opt/vendor/absent.so, which does not exist');
});
