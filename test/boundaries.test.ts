import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const copy = mkdtempSync(join(tmpdir(), 'boundaries-'));

/** A forbidden arrow and the rule that must refuse it. */
const FORBIDDEN: readonly { file: string; code: string; rule: string }[] = [
  arrow('runtime', `import '../messages/index.ts';`, 'runtime-imports-downward-only'),
  arrow('messages', `import '../hsm/index.ts';`, 'messages-imports-downward-only'),
  arrow('messages', `export type { Shape } from '../switch/index.ts';`, 'messages-imports-downward-only'),
  arrow('hsm', `import type { Shape } from '../connectors/index.ts';`, 'hsm-imports-downward-only'),
  arrow(
    'connectors',
    `export const late = () => import('../switch/index.ts');`,
    'connectors-imports-downward-only',
  ),
  arrow('switch', `import '../admin-api/index.ts';`, 'switch-imports-downward-only'),
  arrow('simulators', `import '../switch/index.ts';`, 'simulators-imports-downward-only'),
  arrow('switch', `import '../simulators/index.ts';`, 'switch-imports-downward-only'),
  arrow('switch', `import '../bench/tool.ts';`, 'switch-imports-downward-only'),
  arrow('switch', `import '../deploy/tool.ts';`, 'switch-imports-downward-only'),
  arrow('admin-api', `import '../test/tool.ts';`, 'admin-api-imports-downward-only'),
  arrow('connectors', `import '../messages/inner.ts';`, 'rooms-are-entered-by-their-index'),
  arrow('switch', `import 'pkcs11js';`, 'pkcs11js-is-kept-in-its-place'),
  arrow('hsm', `import 'node-forge';`, 'node-forge-is-kept-in-its-place'),
  arrow('connectors', `import 'pg';`, 'pg-is-kept-in-its-place'),
  arrow('messages', `import 'graphile-worker';`, 'graphile-worker-is-kept-in-its-place'),
  arrow('switch', `import './of-a.test.ts';`, 'nobody-imports-a-test'),
  arrow('switch', `import 'fast-check';`, 'service-code-needs-no-dev-dependency'),
  arrow('switch', `import './does-not-exist.ts';`, 'everything-resolves'),
  arrow('switch', `import '../simulation/tool.ts';`, 'switch-imports-downward-only'),
  arrow('certs', `import type { Shape } from './index.ts';`, 'no-cycle'),
  arrow('switch/journal', `import '../serve/inner.ts';`, 'switch-floor-of-journal'),
  arrow('switch/keys', `import '../projection/inner.ts';`, 'switch-floor-of-keys'),
  arrow('switch/follow-up', `import type { Shape } from '../node/inner.ts';`, 'switch-floor-of-follow-up'),
  arrow('switch/serve', `import '../index.ts';`, 'switch-floor-of-serve'),
  arrow('switch', `import './loose.ts';`, 'switch-has-no-loose-files'),
];

function arrow(room: string, code: string, rule: string) {
  const name = `forbidden-${Buffer.from(code).toString('hex').slice(-24)}.ts`;
  return { file: `${room}/${name}`, code: `${code}\n`, rule };
}

interface Violation {
  from: string;
  rule: string;
}

beforeAll(() => {
  copyProject();
  for (const target of [
    'messages/inner.ts',
    'bench/tool.ts',
    'deploy/tool.ts',
    'simulation/tool.ts',
    'switch/loose.ts',
    ...['serve', 'projection', 'node'].map((floor) => `switch/${floor}/inner.ts`),
    'test/tool.ts',
    'switch/of-a.test.ts',
  ]) {
    write(target, 'export type Shape = string;\n');
  }
  for (const room of ['messages', 'hsm', 'certs', 'connectors', 'switch', 'admin-api', 'simulators']) {
    const others = FORBIDDEN.filter(({ file, rule }) => rule === 'no-cycle' && file.startsWith(`${room}/`));
    const closing = others.map(({ file }) => `import './${file.slice(room.length + 1)}';\n`).join('');
    write(`${room}/index.ts`, `${closing}export type Shape = string;\n`);
  }
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

test('the arrows of the repository as it stands are all allowed', () => {
  const { status, violations } = cruise(root);
  expect(violations).toEqual([]);
  expect(status).toBe(0);
});

test('each forbidden arrow added to a copy of the repository fails the check by its own rule', () => {
  for (const { file, code } of FORBIDDEN) write(file, code);
  const { status, violations } = cruise(copy);
  for (const { file, rule } of FORBIDDEN) expect(violations).toContainEqual({ from: file, rule });
  expect(status).not.toBe(0);
});

test('the architecture page shows every floor of switch/ as the check holds it', () => {
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const shown = [...page.matchAll(/^\| (\d+) +\| `([a-z-]+)\/`/gm)].map(
    ([, floor, folder]) => `${floor} ${folder}`,
  );
  const rules = readFileSync(join(root, '.dependency-cruiser.cjs'), 'utf8');
  const [, held = ''] = /SWITCH_FLOORS = (\[[\s\S]*?\n\]);/.exec(rules) ?? [];
  const floors = [...held.matchAll(/^ {2}\[(.+)\]/gm)].flatMap(([, folders = ''], index) =>
    [...folders.matchAll(/'([a-z-]+)'/g)].map(([, folder]) => `${index + 1} ${folder}`),
  );
  expect(shown).toEqual(floors);
  for (const floor of floors) expect(existsSync(join(root, 'switch', floor.replace(/^\d+ /, '')))).toBe(true);
});

function copyProject(): void {
  const list = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const path of list.split('\n')) {
    const wanted = /\.(ts|js|mjs|cjs)$/.test(path) || path === 'package.json';
    if (!wanted || !existsSync(join(root, path))) continue;
    mkdirSync(join(copy, dirname(path)), { recursive: true });
    cpSync(join(root, path), join(copy, path));
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
}

function write(path: string, code: string): void {
  mkdirSync(join(copy, dirname(path)), { recursive: true });
  writeFileSync(join(copy, path), code);
}

/** Runs the boundary part of `npm run check`; its report has one `error RULE: FROM → TO` line per violation. */
function cruise(directory: string): { status: number | null; violations: Violation[] } {
  const run = spawnSync(
    join(root, 'node_modules/.bin/depcruise'),
    ['--config', '.dependency-cruiser.cjs', '--output-type', 'err', '.'],
    { cwd: directory, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
  );
  const violations = [...run.stdout.matchAll(/error ([\w-]+): (\S+) → /g)].map(
    ([, rule = '', from = '']) => ({ from, rule }),
  );
  return { status: run.status, violations };
}
