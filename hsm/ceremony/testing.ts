import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { testToken } from '../testing/token.ts';

const COMMAND = join(import.meta.dirname, '..', 'cli', 'command.ts');
/** Of util-linux: runs a command at a terminal of its own. */
const PSEUDO_TERMINAL = 'script';

/** Where a test's ceremonies are held; its own for each test. */
export const place: { dataDir: string; env: Record<string, string>; auditLog: string } = {
  dataDir: '',
  env: {},
  auditLog: '',
};
const running: Session[] = [];

/** Gives each test of the calling file a development token and a log of its own. */
export function useCeremonyPlace(): void {
  beforeEach(async () => {
    place.dataDir = mkdtempSync(join(tmpdir(), 'etika-ceremony-'));
    place.env = await testToken(place.dataDir);
    place.auditLog = join(place.dataDir, 'audit.jsonl');
  });
  afterEach(() => {
    for (const session of running.splice(0)) session.kill();
    // What was killed may write a last time while its folder goes.
    rmSync(place.dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });
}

/** A ceremony at a pseudo-terminal: `script` of util-linux makes one, and passes on what is typed. */
export class Session {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly exit: Promise<number | null>;
  output = '';
  #read = 0;

  constructor(args: readonly string[]) {
    const line = [process.execPath, COMMAND, ...args].map((word) => `'${word}'`).join(' ');
    this.#child = spawn(PSEUDO_TERMINAL, ['-qefc', line, '/dev/null'], {
      env: { ...process.env, ...place.env },
    });
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

export function hsm(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
    env: { ...process.env, ...place.env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** Two custodians bring a PIN key. */
export function importSession(label = 'ZPK/NEW', ...more: string[]): Session {
  return new Session([
    'ceremony',
    'import',
    '--label',
    label,
    '--usage',
    'P0',
    '--audit-log',
    place.auditLog,
    ...more,
  ]);
}

/** Alice and Bob agree to it. */
export async function twoAgree(session: Session, deed: string): Promise<string> {
  await session.answer('custodian 1, your name: ', 'Alice');
  await session.answer('custodian 2, your name: ', 'Bob');
  for (const name of ['Alice', 'Bob']) await session.answer(`${name}, ${deed}`, 'yes');
  expect(await session.exit).toBe(0);
  return session.output;
}

/** KCV of a double-length key by a block of zeroes. */
export const kcvOf = (digits: string) =>
  createCipheriv('des-ede-ecb', Buffer.from(digits, 'hex'), null)
    .setAutoPadding(false)
    .update(Buffer.alloc(8))
    .toString('hex', 0, 3)
    .toUpperCase();

/** What the log of ceremonies holds. */
export const auditEntries = () =>
  readFileSync(place.auditLog, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).entry);
