import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { EXAMPLES } from '../deploy/cli/examples.ts';
import { testToken } from '../hsm/testing/token.ts';
import { madeCluster } from './support/made-cluster.ts';

const root = join(import.meta.dirname, '..');
const dataDir = mkdtempSync(join(tmpdir(), 'start-'));
const UP = 'Ctrl-C stops everything.';
/** From Ctrl-C until the prompt is back. */
const STOPS_WITHIN_MS = 3_000;
/** Where nobody may write, root not either. */
const READ_ONLY_HOME = '/sys';

/** As a newcomer may have it: in a path with spaces, behind a home folder that is read-only. */
const clone = join(mkdtempSync(join(tmpdir(), 'a newcomer ')), 'payment switch');
const NOT_CLONED: ReadonlySet<string> = new Set(['node_modules', '.git', '.data']);
beforeAll(() => {
  for (const name of readdirSync(root).filter((each) => !NOT_CLONED.has(each))) {
    cpSync(join(root, name), join(clone, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
});

/** Free ports, and a chain fast enough for a test. */
const ENVIRONMENT = {
  ...Object.fromEntries(
    [
      'SWITCH_PORT_ISO87',
      'SWITCH_PORT_POS',
      'SWITCH_PORT_STATUS',
      'SWITCH_PORT_ACQUIRER',
      'SWITCH_PORT_TLS',
      'GATEWAY_PORT',
      'ADMIN_PORT',
    ]
      .concat(['VISA_SIM_PORT', 'VISA_SIM_CONTROL_PORT', 'POP_SIM_PORT', 'POP_SIM_CONTROL_PORT'])
      .concat(['ISO87_SIM_PORT', 'ISO87_SIM_CONTROL_PORT'])
      .map((name) => [name, '0']),
  ),
  POP_SIM_BLOCK_MS: '200',
  DATA_DIR: dataDir,
  DATABASE_URL: '',
};

interface Start {
  child: ChildProcess;
  pid: number;
  output(): string;
  /** Resolves once this was printed; rejects where the process ends without. */
  says(text: string): Promise<void>;
  exit: Promise<number | null>;
}

const started: Start[] = [];
afterEach(async () => {
  for (const { child, pid, exit } of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    process.kill(-pid, 'SIGINT');
    await exit;
  }
});
afterAll(() => {
  rmSync(dataDir, { recursive: true, force: true });
  rmSync(join(clone, '..'), { recursive: true, force: true });
});

/** `npm start` in a process group of its own, as a shell runs it. */
function start(environment: Record<string, string> = {}, cwd = root): Start {
  const child = spawn(process.execPath, ['deploy/start.ts'], {
    cwd,
    env: { ...process.env, ...ENVIRONMENT, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let printed = '';
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      printed += chunk;
    });
  }
  const launched: Start = {
    child,
    pid: child.pid ?? 0,
    output: () => printed,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => printed.includes(text) && resolve();
        for (const stream of [child.stdout, child.stderr]) stream.on('data', look);
        look();
        exit.then(() => reject(new Error(`"${text}" was not printed, but:\n${printed}`)));
      }),
    exit,
  };
  started.push(launched);
  return launched;
}

/** Every process that descends from `ancestor`, by its command line. */
function descendants(ancestor: number): Map<number, string> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = statOf(Number(name));
    if (stat) parents.set(Number(name), stat.parent);
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent === ancestor || (parent !== undefined && parent > 1 && isBelow(parent));
  };
  return new Map([...parents.keys()].filter(isBelow).map((pid) => [pid, commandOf(pid)]));
}

function statOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const [state = '', parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** Nothing where it has ended meanwhile. */
function limitsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/limits`, 'latin1');
  } catch {
    return '';
  }
}

/** Those that have something to do with this folder, whoever started them. */
function processesOf(folder: string): string[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.map((pid) => commandOf(Number(pid))).filter((command) => command.includes(folder));
}

/** Those of `family` that still live. */
function survivors(family: ReadonlyMap<number, string>): string[] {
  return [...family]
    .filter(([pid, command]) => {
      const state = statOf(pid)?.state;
      return state !== undefined && state !== 'Z' && commandOf(pid) === command;
    })
    .map(([, command]) => command);
}

/** Ctrl-C, as a terminal sends it to the whole group. @returns how it ends, and that it does so in time */
async function interrupt({ pid, exit }: Start): Promise<{ status: number | null; isInTime: boolean }> {
  const [everyMs, from] = [20, performance.now()];
  let [at, heldUpMs] = [from, 0];
  const beat = setInterval(() => {
    heldUpMs += Math.max(0, performance.now() - at - 2 * everyMs);
    at = performance.now();
  }, everyMs);
  process.kill(-pid, 'SIGINT');
  const status = await exit;
  clearInterval(beat);
  // By how much this process was held up the others were too.
  return { status, isInTime: performance.now() - from < STOPS_WITHIN_MS + heldUpMs };
}
const STOPPED = { status: 0, isInTime: true };

function addressIn(output: string, pattern: RegExp): string {
  return pattern.exec(output)?.[1] ?? `nothing matches ${pattern}`;
}

test('npm start runs everything, follows one purchase to its end, and Ctrl-C leaves no process', async () => {
  const launched = start();
  const { pid, says, output } = launched;
  await says(UP);
  expect(shapeOf(output())).toEqual(shapeOf(readFileSync(join(root, 'README.md'), 'utf8')));
  expect(output()).toMatch(/0110 answers 00 approved, .*MAC verified/);
  expect(output()).toMatch(/Visa’s own ledger says authorised 00, 2500 978/);
  expect(output()).toMatch(/PoP’s own ledger says validated, 2500 978/);
  expect(output()).toMatch(/network approved, PoP validated; intended → decided → pop-validated/);

  const admin = addressIn(output(), /(http:\S+)\/health/);
  const id = addressIn(output(), /journal: (\S+) /);
  expect((await fetch(`${admin}/ready`)).status).toBe(200);
  expect(await (await fetch(`${admin}/api/v1/transactions/${id}`)).json()).toMatchObject({
    id,
    maskedPan: '424242******4242',
    amount: { minorUnits: 2_500, currency: '978' },
    legs: { network: { name: 'visa', state: 'approved' }, pop: { state: 'validated' } },
    verdict: { approved: true, code: '00' },
  });
  await everyExampleWorks(output());

  const family = descendants(pid);
  for (const part of [
    'postgres',
    'hsm/main.ts',
    'visa/main.ts',
    'pop/main.ts',
    'switch/main.ts',
    'switch/worker.ts',
    'admin-api/main.ts',
  ]) {
    expect([...family.values()].join('\n')).toContain(part);
  }
  const priorityOf = (part: string) =>
    getPriority([...family].find(([, command]) => command.includes(part))?.[0] ?? 0);
  for (const part of ['switch/worker.ts', 'admin-api/main.ts']) {
    expect(priorityOf(part)).toBeGreaterThan(priorityOf('switch/main.ts'));
  }
  expect(priorityOf('visa/main.ts')).toBe(priorityOf('switch/main.ts'));
  expect(priorityOf('bin/postgres')).toBeLessThanOrEqual(priorityOf('switch/main.ts'));
  expect(await interrupt(launched)).toEqual(STOPPED);
  expect(survivors(family)).toEqual([]);
}, 400_000); // some sixty commands are pasted: a busy machine takes seconds for each

/** What a start says step by step, without the numbers and names that are another start's. */
function shapeOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /^ {2}✓ .* \(\d+\.\d s\)$/.test(line))
    .map((line) =>
      line
        .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
        .replace(/\S+\/certs/, 'certs')
        .replace(/\d+(\.\d+)?/g, '#'),
    );
}

/** The examples of `--help` that need no machine of their own, on the ports of this start. */
async function everyExampleWorks(output: string): Promise<void> {
  const portOf: Record<string, string> = {
    'iso87-ascii': addressIn(output, /0\.0\.0\.0:(\d+) +iso87-ascii,/),
    'pos-bcd': addressIn(output, /0\.0\.0\.0:(\d+) +pos-bcd/),
    '--tls': addressIn(output, /0\.0\.0\.0:(\d+) .*mutual TLS/),
  };
  const control = addressIn(output, /Visa network .*control http:\/\/[^:]+:(\d+)/);
  const environment = {
    ...process.env,
    VISA_SIM_CONTROL_PORT: control,
    HSM_SOCKET: join(dataDir, 'hsm.sock'),
    DATA_DIR: dataDir,
    TMPDIR: dataDir,
  };
  const controlOf: readonly (readonly [written: string, actual: string])[] = [
    ['http://127.0.0.1:9584', `http://127.0.0.1:${control}`],
    ['http://127.0.0.1:9588', addressIn(output, /second network .*control (http:\/\/\S+)/)],
    ['.data/audit', join(dataDir, 'audit')],
    ['.data/hsm-uses.db', join(dataDir, 'hsm-uses.db')],
    ['.data/switch.settings.json', join(dataDir, 'switch.settings.json')],
    ['http://127.0.0.1:3101', addressIn(output, /PoP .*control (http:\/\/\S+)/)],
  ];
  const here = (line: string) =>
    controlOf.reduce((text, [written, actual]) => text.replaceAll(written, actual), line);
  const examples = Object.values(EXAMPLES).flat().map(here);
  for (const example of examples.filter((line) => line.startsWith('npx etika-switch '))) {
    const dialect = Object.keys(portOf).find((name) => example.includes(name)) ?? 'iso87-ascii';
    const port = example.includes('etika-switch terminal')
      ? ` --port ${portOf[dialect]} --records ${dataDir}/terminal`
      : '';
    const command = `${example.replace('npx etika-switch', `"${process.execPath}" deploy/cli/etika-switch.js`)}${port}`;
    const ran = await promisify(execFile)('sh', ['-c', command], { cwd: root, env: environment }).catch(
      (error: Error) => error,
    );
    expect({ example, failed: ran instanceof Error ? String(ran) : '' }).toEqual({ example, failed: '' });
  }
}

test('after kill -9 of the start only PostgreSQL lives on, the next start adopts it, and Ctrl-C ends what hangs', async () => {
  const killed = start();
  await killed.says(UP);
  const family = descendants(killed.pid);
  const [postgres = 0] = [...family].find(([, command]) => /bin\/postgres -D/.test(command)) ?? [];
  process.kill(killed.pid, 'SIGKILL');
  await vi.waitFor(
    () =>
      expect(survivors(family).filter((command) => !/^postgres:|bin\/postgres/.test(command))).toEqual([]),
    {
      timeout: 20_000,
      interval: 50,
    },
  );
  expect(commandOf(postgres)).toContain('postgres');

  const next = start();
  await next.says(UP);
  expect(commandOf(postgres)).toContain('postgres');
  const everybody = new Map([...descendants(next.pid), [postgres, commandOf(postgres)]]);
  for (const [member, command] of everybody) {
    const limits = limitsOf(member);
    expect(limits, command).toMatch(limits === '' ? /^$/ : /^Max core file size\s+0\s+0\s/m);
  }
  const hangs = [...everybody].find(([, command]) => command.includes('switch/main.ts'))?.[0] ?? 0;
  process.kill(hangs, 'SIGSTOP');
  expect(await interrupt(next)).toEqual(STOPPED);
  expect(survivors(everybody)).toEqual([]);
}, 180_000);

/** What a step before made is as it would be by then: it was interrupted in a start of its own. */
const nothing = async () => {};
const cluster = (fresh: string) => madeCluster(join(fresh, 'postgres'));
const clusterAndToken = async (fresh: string) => {
  await cluster(fresh);
  await testToken(fresh);
};

test.each([
  ['while the cluster is made', nothing, 'starts, logs in', 'PostgreSQL'],
  ['while the schema is made', cluster, '✓ PostgreSQL', 'database schema'],
  ['while the token is made', cluster, '✓ database schema', 'HSM process'],
  ['half way', clusterAndToken, '✓ HSM process', 'switch node-1'],
  ['while the switch signs on', clusterAndToken, '✓ development certificates', 'switch node-1'],
])(
  'Ctrl-C in the first start, %s, waits for no step to end and leaves no process',
  async (_, prepare, said, next) => {
    const fresh = mkdtempSync(join(tmpdir(), 'start anew '));
    onTestFinished(() => rmSync(fresh, { recursive: true, force: true }));
    await prepare(fresh);
    const launched = start({ DATA_DIR: fresh, HOME: READ_ONLY_HOME }, clone);
    const { pid, says, output } = launched;
    await says(said);
    const family = descendants(pid);
    expect(await interrupt(launched)).toEqual(STOPPED);
    expect(output()).not.toContain(`✓ ${next}`);
    expect(survivors(family)).toEqual([]);
    expect(processesOf(fresh)).toEqual([]);
  },
  60_000,
);

test('npm start works in a path with spaces, behind a read-only home folder', async () => {
  const env = { ...process.env, HOME: READ_ONLY_HOME };
  const { stdout } = await promisify(execFile)('npm', ['start', '--', '--version'], { cwd: clone, env });
  expect(stdout).toMatch(/^npm start \d+\.\d+\.\d+$/m);
}, 60_000);

test('a port that is taken stops the start before anything runs, naming the port and its setting', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '0.0.0.0', resolve));
  onTestFinished(() => void holder.close());
  const address = holder.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const { exit, output } = start({ SWITCH_PORT_POS: String(port) });
  expect(await exit).toBe(1);
  expect(output()).toContain(`DEP_PORT_TAKEN: port ${port} (terminals, pos-bcd) is taken`);
  expect(output()).toContain('SWITCH_PORT_POS');
  expect(output()).not.toContain('✓');
});

test('a bad setting stops the start before anything runs, naming the key and not the value', async () => {
  const { exit, output } = start({ SWITCH_DEADLINE_MS: 'soon' });
  expect(await exit).toBe(1);
  expect(output()).toContain('deadlineMs (SWITCH_DEADLINE_MS) is text of 4 characters');
  expect(output()).not.toContain('soon');
});

test('production is refused: the start runs simulators and published keys', async () => {
  const { exit, output } = start({ NODE_ENV: 'production' });
  expect(await exit).toBe(1);
  expect(output()).toContain('DEP_NOT_FOR_PRODUCTION');
  expect(output()).not.toContain('✓');
});
