import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { prepareDevelopmentToken } from '../development/prepare.ts';
import { prepareEmptyToken } from '../development/software-token.ts';
import { readTokenAccess } from '../settings.ts';
import { initialiseToken } from '../token/initialise.ts';

const COMMAND = join(import.meta.dirname, '..', 'cli', 'command.ts');
/** Of util-linux: runs a command at a terminal of its own. */
const PSEUDO_TERMINAL = 'script';
const ONE = '0123456789ABCDEFFEDCBA9876543210';
const TWO = '89B07B35A1B3F47E89B07B35A1B3F488';

let dataDir: string;
let env: Record<string, string>;
let auditLog: string;
const running: Session[] = [];

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'etika-ceremony-'));
  env = (await prepareDevelopmentToken(dataDir)).env;
  auditLog = join(dataDir, 'audit.jsonl');
});
afterEach(() => {
  for (const session of running.splice(0)) session.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

/** A ceremony at a pseudo-terminal: `script` of util-linux makes one, and passes on what is typed. */
class Session {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly exit: Promise<number | null>;
  output = '';
  #read = 0;

  constructor(args: readonly string[]) {
    const line = [process.execPath, COMMAND, ...args].map((word) => `'${word}'`).join(' ');
    this.#child = spawn(PSEUDO_TERMINAL, ['-qefc', line, '/dev/null'], { env: { ...process.env, ...env } });
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.output += chunk.toString('utf8');
    });
    this.exit = new Promise((resolve) => this.#child.once('exit', resolve));
    running.push(this);
  }

  /** Waits for a prompt that was not seen before, then types a line. */
  async answer(prompt: string, line: string, end = '\r'): Promise<void> {
    await this.sees(prompt);
    this.#child.stdin.write(`${line}${end}`);
  }

  async sees(text: string): Promise<void> {
    await vi.waitFor(() => {
      const at = this.output.indexOf(text, this.#read);
      if (at < 0) throw new Error(`"${text}" did not appear in: ${this.output.slice(this.#read)}`);
      this.#read = at + text.length;
    }, 15_000);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function hsm(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

function importSession(label = 'ZPK/NEW', ...more: string[]): Session {
  return new Session([
    'ceremony',
    'import',
    '--label',
    label,
    '--usage',
    'P0',
    '--audit-log',
    auditLog,
    ...more,
  ]);
}

const kcvOf = (digits: string) =>
  createCipheriv('des-ede-ecb', Buffer.from(digits, 'hex'), null)
    .setAutoPadding(false)
    .update(Buffer.alloc(8))
    .toString('hex', 0, 3)
    .toUpperCase();

const combined = Buffer.from(ONE, 'hex').map((byte, index) => byte ^ (Buffer.from(TWO, 'hex')[index] ?? 0));
const COMBINED_KCV = kcvOf(Buffer.from(combined).toString('hex'));

const auditEntries = () =>
  readFileSync(auditLog, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).entry);

async function typeComponent(
  session: Session,
  number: number,
  name: string,
  component: string,
): Promise<void> {
  await session.answer(`custodian ${number}, your name: `, name);
  await session.answer(`component ${number}, 32 hex digits (not shown): `, component);
  await session.sees(`KCV of component ${number}  ${kcvOf(component)}`);
  await session.answer('(yes/no) ', 'yes');
}

describe('a key from components', () => {
  it('is put on the token by two custodians, shown by nothing but KCVs, and written to the sealed log', async () => {
    const session = importSession();
    await typeComponent(session, 1, 'Alice', ONE);
    await session.answer('custodian 2, your name: ', 'alice');
    await session.sees('has had a part already');
    await typeComponent(session, 2, 'Bob', TWO);
    await session.answer('covering letter: ', COMBINED_KCV);
    await session.sees(`KCV of the combined key  ${COMBINED_KCV}`);
    await session.answer('Alice, store ZPK/NEW', 'yes');
    await session.answer('Bob, store ZPK/NEW', 'yes');
    await session.sees('ZPK/NEW is on the token.');
    expect(await session.exit).toBe(0);
    for (const component of [ONE, TWO]) {
      for (let at = 0; at < component.length; at += 8)
        expect(session.output).not.toContain(component.slice(at, at + 8));
    }
    expect(auditEntries()).toMatchObject([
      {
        action: 'import',
        outcome: 'completed',
        custodians: ['Alice', 'Bob'],
        key: 'ZPK/NEW',
        kcv: COMBINED_KCV,
      },
    ]);
    expect(hsm('ceremony', 'verify-log', '--audit-log', auditLog).stdout).toContain('1 entries, all sealed');
    const again = importSession();
    await again.sees('is on the token already');
    expect(await again.exit).toBe(1);
  });

  it('is not stored where the combined KCV is another, and the log says so', async () => {
    const session = importSession();
    await typeComponent(session, 1, 'Alice', ONE);
    await typeComponent(session, 2, 'Bob', TWO);
    await session.answer('covering letter: ', '000000');
    await session.sees('HSM_CEREMONY_REFUSED');
    expect(await session.exit).toBe(1);
    expect(auditEntries()).toMatchObject([{ outcome: 'refused', key: 'ZPK/NEW' }]);
    const retry = importSession();
    await retry.sees('custodian 1, your name: ');
  });

  it('asks again for a component whose KCV its custodian does not recognise, three times', async () => {
    const session = importSession();
    await session.answer('custodian 1, your name: ', 'Alice');
    await session.answer('(not shown): ', ONE.slice(0, 30));
    await session.sees('that was not 32 hexadecimal digits');
    await session.answer('(not shown): ', '0'.repeat(32));
    await session.sees('a component of zeroes is none');
    await session.answer('(not shown): ', ONE.replace('0', '1'));
    await session.answer('(yes/no) ', 'no');
    await session.sees('HSM_CEREMONY_REFUSED');
    expect(await session.exit).toBe(1);
  });

  it('is broken off by a custodian who presses Ctrl-C, and nothing is stored', async () => {
    const session = importSession();
    await typeComponent(session, 1, 'Alice', ONE);
    await session.answer('custodian 2, your name: ', 'Bob');
    await session.answer('(not shown): ', TWO.slice(0, 10), '\x03');
    await session.sees('HSM_CEREMONY_ABORTED');
    expect(await session.exit).toBe(1);
    expect(auditEntries()).toMatchObject([{ outcome: 'aborted', custodians: ['Alice', 'Bob'] }]);
  });

  it('is not taken from a pipe', () => {
    const piped = hsm('ceremony', 'import', '--label', 'X', '--usage', 'P0', '--audit-log', auditLog);
    expect(piped).toMatchObject({ status: 1, stderr: expect.stringContaining('needs a terminal') });
  });
});

it('a new key is printed as sheets that make the same key elsewhere', async () => {
  const sheets = join(dataDir, 'sheets');
  mkdirSync(sheets);
  const order = [
    '--label',
    'ZMK/NEW',
    '--usage',
    'K1',
    '--algorithm',
    'A',
    '--length',
    '32',
    '--components',
    '3',
  ];
  const session = new Session([
    'ceremony',
    'create',
    ...order,
    '--print-to',
    sheets,
    '--audit-log',
    auditLog,
  ]);
  for (const [index, name] of ['Alice', 'Bob', 'Carol'].entries()) {
    await session.answer(`custodian ${index + 1}, your name: `, name);
  }
  for (const name of ['Alice', 'Bob', 'Carol']) await session.answer(`${name}, create ZMK/NEW`, 'yes');
  await session.sees('ZMK/NEW is on the token');
  expect(await session.exit).toBe(0);
  const files = readdirSync(sheets);
  expect(files).toHaveLength(3);
  const sum = Buffer.alloc(32);
  for (const file of files) {
    expect(statSync(join(sheets, file)).mode & 0o777).toBe(0o600);
    const digits = /^Component {2}([0-9A-F ]+)$/m.exec(readFileSync(join(sheets, file), 'utf8'))?.[1] ?? '';
    const component = Buffer.from(digits.replaceAll(' ', ''), 'hex');
    expect(component).toHaveLength(32);
    for (let i = 0; i < 32; i++) sum[i] = (sum[i] ?? 0) ^ (component[i] ?? 0);
    expect(session.output).not.toContain(digits.slice(0, 9));
  }
  const ecb = (block: Buffer) => createCipheriv('aes-256-ecb', sum, null).setAutoPadding(false).update(block);
  const zero = ecb(Buffer.alloc(16));
  const subkey = Buffer.from(zero.map((byte, i) => (byte << 1) | ((zero[i + 1] ?? 0) >> 7)));
  if ((zero[0] ?? 0) & 0x80) subkey[15] = (subkey[15] ?? 0) ^ 0x87;
  expect(auditEntries()[0].kcv).toBe(ecb(subkey).toString('hex', 0, 3).toUpperCase());
});

describe('a token from its first day', () => {
  const COMPONENTS = ['11', '2A', '4C'].map((digits) => digits.repeat(32));
  const zmk = Buffer.alloc(32, 0x11 ^ 0x2a ^ 0x4c);

  async function twoAgree(session: Session, deed: string): Promise<void> {
    await session.answer('custodian 1, your name: ', 'Alice');
    await session.answer('custodian 2, your name: ', 'Bob');
    for (const name of ['Alice', 'Bob']) await session.answer(`${name}, ${deed}`, 'yes');
  }

  async function importZmk(): Promise<void> {
    const order = ['--usage', 'K1', '--algorithm', 'A', '--length', '32', '--components', '3'];
    const session = new Session([
      'ceremony',
      'import',
      '--label',
      'ZMK/VISA',
      ...order,
      '--audit-log',
      auditLog,
    ]);
    const kcv = aesKcv(zmk);
    for (const [index, name] of ['Alice', 'Bob', 'Carol'].entries()) {
      await session.answer(`custodian ${index + 1}, your name: `, name);
      await session.answer('(not shown): ', COMPONENTS[index] ?? '');
      await session.sees(`KCV of component ${index + 1}  ${aesKcv(hex(COMPONENTS[index] ?? ''))}`);
      await session.answer('(yes/no) ', 'yes');
    }
    await session.answer('covering letter: ', kcv);
    for (const name of ['Alice', 'Bob', 'Carol']) await session.answer(`${name}, store ZMK/VISA`, 'yes');
    expect(await session.exit).toBe(0);
  }

  it('is prepared, gets a ZMK, and gives out a working key that the other party can open', async () => {
    const folder = join(dataDir, 'fresh');
    env = prepareEmptyToken('softhsm', folder);
    process.env['SOFTHSM2_CONF'] = env['SOFTHSM2_CONF'];
    const { token, userPin } = readTokenAccess(env);
    initialiseToken(token, userPin);
    const early = importSession();
    await early.sees('run "hsm ceremony prepare" on this token first');
    expect(await early.exit).toBe(1);

    const prepare = new Session(['ceremony', 'prepare', '--audit-log', auditLog]);
    await twoAgree(prepare, 'make LMK/1, LMK-SEAL/1, PAN-DATA/1, PAN-LOOKUP/1');
    expect(await prepare.exit).toBe(0);
    await importZmk();

    const record = join(dataDir, 'key.txt');
    const order = ['--usage', 'P0', '--owner', 'VISA', '--to', record, '--audit-log', auditLog];
    const generate = new Session(['ceremony', 'generate', ...order]);
    await twoAgree(generate, 'make a working key P0 for VISA');
    await generate.sees(`the record is in ${record}, KCV `);
    expect(await generate.exit).toBe(0);
    expect(statSync(record).mode & 0o777).toBe(0o600);
    const kcv = /the record is in \S+, KCV ([0-9A-F]{6})/.exec(generate.output)?.[1] ?? '';

    const parcel = ['--record', record, '--zmk', 'ZMK/VISA', '--mode', 'B', '--audit-log', auditLog];
    const refused = new Session(['ceremony', 'export', ...parcel]);
    await refused.answer('custodian 1, your name: ', 'Alice');
    await refused.answer('custodian 2, your name: ', 'Bob');
    await refused.answer('Alice, export P0 key of VISA', 'no');
    expect(await refused.exit).toBe(1);
    const exported = new Session(['ceremony', 'export', ...parcel]);
    await twoAgree(exported, `export P0 key of VISA, KCV ${kcv}, under ZMK/VISA`);
    expect(await exported.exit).toBe(0);
    const block = /^D[0-9]{4}P0TB00N[0-9A-Z]+/m.exec(exported.output)?.[0] ?? '';
    expect(openedKcv(block)).toBe(kcv);

    expect(auditEntries().map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'prepare completed',
      'import completed',
      'generate completed',
      'export aborted',
      'export completed',
    ]);
    expect(readFileSync(auditLog, 'utf8')).not.toContain(block.slice(16, 48));
  });

  const hex = (digits: string) => Buffer.from(digits, 'hex');
  const ecb = (key: Buffer, data: Buffer) =>
    createCipheriv(`aes-${key.length * 8}-ecb`, key, null)
      .setAutoPadding(false)
      .update(data);

  /** CMAC of less than a block, or of exactly one. */
  function cmacOf(key: Buffer, data: Buffer): Buffer {
    const twice = (block: Buffer) => {
      const doubled = Buffer.from(block.map((byte, i) => (byte << 1) | ((block[i + 1] ?? 0) >> 7)));
      if ((block[0] ?? 0) & 0x80) doubled[15] = (doubled[15] ?? 0) ^ 0x87;
      return doubled;
    };
    const subkey = twice(ecb(key, Buffer.alloc(16)));
    const padded = Buffer.alloc(16);
    padded.set(data);
    if (data.length < 16) padded[data.length] = 0x80;
    const mask = data.length < 16 ? twice(subkey) : subkey;
    return ecb(key, Buffer.from(padded.map((byte, i) => byte ^ (mask[i] ?? 0))));
  }

  const aesKcv = (key: Buffer) => cmacOf(key, Buffer.alloc(16)).toString('hex', 0, 3).toUpperCase();

  /** What the other party does with a block of version D, by X9.143 and OpenSSL alone: its key's KCV. */
  function openedKcv(block: string): string {
    const derived = [1, 2].map((counter) =>
      cmacOf(zmk, Buffer.from([counter, 0x00, 0x00, 0x00, 0x00, 0x04, 0x01, 0x00])),
    );
    const mac = hex(block.slice(-32));
    const payload = createDecipheriv('aes-256-cbc', Buffer.concat(derived), mac)
      .setAutoPadding(false)
      .update(hex(block.slice(16, -32)));
    expect(payload.readUInt16BE()).toBe(128);
    return kcvOf(payload.toString('hex', 2, 18));
  }
});

it('an altered line of the log is found, and no ceremony continues it', async () => {
  const session = importSession();
  await session.answer('custodian 1, your name: ', '', '\x03');
  expect(await session.exit).toBe(1);
  writeFileSync(auditLog, readFileSync(auditLog, 'utf8').replace('aborted', 'completed'));
  expect(hsm('ceremony', 'verify-log', '--audit-log', auditLog)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('HSM_AUDIT_LOG_BROKEN'),
  });
  const next = importSession();
  await next.sees('HSM_AUDIT_LOG_BROKEN');
  expect(await next.exit).toBe(1);
  expect(next.output).not.toContain('custodian 1');
});

it('a token is restored from its backup, and another is not taken for it', async () => {
  const tokenFolder = join(dataDir, 'token');
  const backup = join(dataDir, 'backup');
  const shared = ['--audit-log', auditLog, '--token-folder', tokenFolder];
  expect(hsm('ceremony', 'backup', '--to', backup, ...shared).stdout).toMatch(/^[0-9]+ keys listed/);
  rmSync(tokenFolder, { recursive: true });
  expect(hsm('ceremony', 'restore', '--from', backup, ...shared).stdout).toMatch(/^[0-9]+ keys are the same/);
  expect(auditEntries()).toMatchObject([{ action: 'backup' }, { action: 'restore', outcome: 'completed' }]);
  expect(existsSync(join(tokenFolder, 'objects'))).toBe(true);
  rmSync(tokenFolder, { recursive: true });
  env = (await prepareDevelopmentToken(dataDir)).env;
  expect(hsm('ceremony', 'restore', '--from', backup, '--audit-log', auditLog)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('HSM_BACKUP_DIFFERS'),
  });
});

it('a new token gets the keys that every token needs, once', async () => {
  env = prepareEmptyToken('softhsm', join(dataDir, 'empty'));
  const pin = readFileSync(env['HSM_PIN_FILE'] ?? '', 'utf8').trim();
  const label = env['HSM_TOKEN_LABEL'] ?? '';
  const initialise = ['--init-token', '--free', '--label', label, '--so-pin', 'security', '--pin', pin];
  expect(spawnSync('softhsm2-util', initialise, { env: { ...process.env, ...env } }).status).toBe(0);
  const prepare = async (what: string) => {
    const session = new Session(['ceremony', 'prepare', '--audit-log', auditLog]);
    for (const [index, name] of ['Alice', 'Bob'].entries())
      await session.answer(`custodian ${index + 1}, your name: `, name);
    for (const name of ['Alice', 'Bob']) await session.answer(`${name}, make ${what}`, 'yes');
    expect(await session.exit).toBe(0);
    return session.output;
  };
  const shown = await prepare('LMK/1, LMK-SEAL/1, PAN-DATA/1, PAN-LOOKUP/1, AUDIT/1');
  const [, fingerprint] = /AUDIT\/1 {2}SHA-256 of its public key ([0-9a-f]{64})/.exec(shown) ?? [];
  expect(fingerprint).toBeDefined();
  await prepare('nothing');
  expect(auditEntries()).toMatchObject([{ keys: { 'AUDIT/1': fingerprint } }, { keys: {} }]);
  const backup = join(dataDir, 'backup');
  expect(hsm('ceremony', 'backup', '--to', backup, '--audit-log', auditLog).status).toBe(0);
  const { keys } = JSON.parse(readFileSync(join(backup, 'manifest.json'), 'utf8'));
  expect(keys).toContainEqual({ label: 'AUDIT/1', usage: 'S0', algorithm: 'E', kcv: fingerprint });
});
