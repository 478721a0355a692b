import { createCipheriv } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareDevelopmentToken } from '../development/prepare.ts';
import {
  auditEntries,
  hsm,
  importSession,
  kcvOf,
  place,
  Session,
  twoAgree,
  useCeremonyPlace,
} from './testing.ts';

const ONE = '0123456789ABCDEFFEDCBA9876543210';
const TWO = '89B07B35A1B3F47E89B07B35A1B3F488';

useCeremonyPlace();

const combined = Buffer.from(ONE, 'hex').map((byte, index) => byte ^ (Buffer.from(TWO, 'hex')[index] ?? 0));
const COMBINED_KCV = kcvOf(Buffer.from(combined).toString('hex'));

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
      for (let at = 0; at < component.length; at += 8) {
        expect(session.output).not.toContain(component.slice(at, at + 8));
      }
    }
    expect(auditEntries()).toMatchObject([
      { action: 'import', outcome: 'agreed', key: 'ZPK/NEW' },
      {
        action: 'import',
        outcome: 'completed',
        custodians: ['Alice', 'Bob'],
        key: 'ZPK/NEW',
        kcv: COMBINED_KCV,
      },
    ]);
    expect(hsm('ceremony', 'verify-log', '--audit-log', place.auditLog).stdout).toContain(
      '2 entries, all sealed',
    );
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
    const piped = hsm('ceremony', 'import', '--label', 'X', '--usage', 'P0', '--audit-log', place.auditLog);
    expect(piped).toMatchObject({ status: 1, stderr: expect.stringContaining('needs a terminal') });
  });
});

it('a new key is printed as sheets that make the same key elsewhere', async () => {
  const sheets = join(place.dataDir, 'sheets');
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
    place.auditLog,
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
  expect(auditEntries()[1].kcv).toBe(ecb(subkey).toString('hex', 0, 3).toUpperCase());
});

it('an altered line of the log is found, and no ceremony continues it', async () => {
  const session = importSession();
  await session.answer('custodian 1, your name: ', '', '\x03');
  expect(await session.exit).toBe(1);
  writeFileSync(place.auditLog, readFileSync(place.auditLog, 'utf8').replace('aborted', 'completed'));
  expect(hsm('ceremony', 'verify-log', '--audit-log', place.auditLog)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('HSM_AUDIT_LOG_BROKEN'),
  });
  const next = importSession();
  await next.sees('HSM_AUDIT_LOG_BROKEN');
  expect(await next.exit).toBe(1);
  expect(next.output).not.toContain('custodian 1');
});

it('lines that are missing at its end are found, and a log that is another', async () => {
  const cut = importSession();
  await cut.answer('custodian 1, your name: ', '', '\x03');
  expect(await cut.exit).toBe(1);
  expect(hsm('ceremony', 'verify-log', '--audit-log', place.auditLog).stdout).toContain('1 of them are in');
  rmSync(place.auditLog);
  expect(hsm('ceremony', 'verify-log', '--audit-log', place.auditLog)).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/HSM_AUDIT_LOG_BROKEN.*it has 0 entries, and had 1/),
  });
});

it('a token is restored from its backup, and another is not taken for it', async () => {
  const tokenFolder = join(place.dataDir, 'token');
  const backup = join(place.dataDir, 'backup');
  const shared = ['--audit-log', place.auditLog, '--token-folder', tokenFolder];
  const backsUp = new Session(['ceremony', 'backup', '--to', backup, ...shared]);
  expect(await twoAgree(backsUp, 'copy the token to')).toMatch(/[0-9]+ keys listed/);
  rmSync(tokenFolder, { recursive: true });
  const restores = new Session(['ceremony', 'restore', '--from', backup, ...shared]);
  expect(await twoAgree(restores, 'take this token')).toMatch(/[0-9]+ keys are the same/);
  const custodians = ['Alice', 'Bob'];
  expect(auditEntries()).toMatchObject([
    { action: 'backup', custodians },
    { action: 'restore', outcome: 'completed', custodians },
  ]);
  expect(existsSync(join(tokenFolder, 'objects'))).toBe(true);
  rmSync(tokenFolder, { recursive: true });
  place.env = (await prepareDevelopmentToken(place.dataDir)).env;
  const other = new Session(['ceremony', 'restore', '--from', backup, '--audit-log', place.auditLog]);
  await other.sees('HSM_BACKUP_DIFFERS');
  expect(await other.exit).toBe(1);
});
