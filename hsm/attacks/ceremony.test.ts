import {
  appendFileSync,
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
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendEntry, verifyLog } from '../ceremony/audit-log.ts';
import { backUp, verifyBackup } from '../ceremony/backup.ts';
import { createKey, importKey, printToFiles } from '../ceremony/ceremonies.ts';
import { Station } from '../ceremony/station.ts';
import type { Terminal } from '../ceremony/terminal.ts';
import { storedKeyTemplate } from '../keys/token-keys.ts';
import { permissionsOf, permissionTemplate } from '../keys/usage.ts';
import { pkcs11 } from '../token/pkcs11.ts';
import { useProductionPlace } from './testing.ts';

/** What goes wrong around a ceremony: made-up components, a log that cannot be written, another token. */
const place = useProductionPlace();
const ALLOWED = { HSM_ALLOW_SOFTWARE_TOKEN: '1' };
const hex = (digits: string) => Buffer.from(digits, 'hex');
const ONE = hex('0123456789ABCDEFFEDCBA9876543210');
const TWO = hex('89B07B35A1B3F47F89B07B34A1B3F489');

let folder: string;
let log: string;
let station: Station;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'etika-attack-'));
  log = join(folder, 'audit.jsonl');
  station = Station.open({ ...place.env, ...ALLOWED }, log);
});
afterEach(() => {
  station.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Custodians who type these components, each again and again. */
function custodians(
  components: readonly Buffer[],
  said: string[],
  answer = (_prompt: string) => 'yes',
): Terminal {
  const names = ['Alice', 'Bob', 'Carol'];
  let part = -1;
  return {
    say: (line) => void said.push(line),
    async ask(prompt) {
      if (!prompt.includes('your name')) return answer(prompt);
      part += 1;
      return names[part] ?? '';
    },
    async askHidden(_prompt, target) {
      components[part]?.copy(target);
      return true;
    },
    close: () => {},
  };
}

const ORDER = { label: 'ZPK/NEW', usage: 'P0', algorithm: 'T', length: 16 } as const;

it.each([
  ['typed twice', [ONE, ONE, TWO], 'typed before'],
  ['of ones', [Buffer.alloc(16, 0xff), TWO], 'all the same'],
  ['of parity bits alone', [Buffer.alloc(16, 0x01), TWO], 'all the same'],
  ['of even parity', [hex('00112233445566778899AABBCCDDEEFF'), TWO], 'even parity'],
])('a component %s is none', async (_, components, reason) => {
  const said: string[] = [];
  const order = { ...ORDER, components: components.length };
  await expect(importKey(station, custodians(components, said), order)).rejects.toThrow(
    'HSM_CEREMONY_REFUSED',
  );
  expect(said.join('\n')).toContain(reason);
  expect(station.has('ZPK/NEW')).toBe(false);
});

it('a folder that others look into is closed before the first sheet', async () => {
  const sheets = join(folder, 'sheets');
  mkdirSync(sheets, { mode: 0o755 });
  await createKey(station, custodians([], []), { ...ORDER, components: 2 }, printToFiles(sheets, 'ZPK/NEW'));
  expect(statSync(sheets).mode & 0o777).toBe(0o700);
  expect(readdirSync(sheets).map((file) => statSync(join(sheets, file)).mode & 0o777)).toEqual([
    0o600, 0o600,
  ]);
});

it('a key is not stored where the log cannot be written', async () => {
  let isBroken = false;
  const terminal = custodians([], [], () => {
    if (!isBroken) mkdirSync(log);
    isBroken = true;
    return 'yes';
  });
  const sheets = join(folder, 'sheets');
  mkdirSync(sheets, { mode: 0o700 });
  const made = createKey(station, terminal, { ...ORDER, components: 2 }, printToFiles(sheets, 'ZPK/NEW'));
  await expect(made).rejects.toThrow();
  station.keys.refresh();
  expect(station.has('ZPK/NEW')).toBe(false);
  expect(readdirSync(sheets)).toEqual([]);
});

describe('the log', () => {
  const seal = (data: Buffer) => station.seal(data);
  const entry = { time: 't', action: 'x', outcome: 'completed', custodians: [] } as const;
  const append = (sealed = seal) => appendEntry(log, { ...entry, custodians: [] }, sealed);

  it('goes on behind a line that was cut short', () => {
    append();
    appendFileSync(log, '{"sequence":2,"ent');
    append();
    expect(verifyLog(log, seal)).toBe(2);
  });

  it('is whole where two append at once', () => {
    append();
    let isFirst = true;
    append((data) => {
      if (isFirst && data.includes('"sequence":2')) {
        isFirst = false;
        append();
      }
      return seal(data);
    });
    expect(verifyLog(log, seal)).toBe(3);
  });
});

it('the log cannot become shorter, nor another: its head is in the signed key log', () => {
  const entry = { action: 'x', outcome: 'completed', custodians: [] } as const;
  for (let number = 0; number < 3; number++) station.record({ ...entry, custodians: [] });
  expect(station.checkLog()).toEqual({ entries: 3, anchored: 3 });
  const lines = readFileSync(log, 'utf8').split('\n');
  writeFileSync(log, `${lines.slice(0, 2).join('\n')}\n`);
  expect(() => station.checkLog()).toThrow(/HSM_AUDIT_LOG_BROKEN.*it has 2 entries, and had 3/);
  appendEntry(log, { ...entry, time: 't', custodians: [] }, (data) => station.seal(data));
  expect(() => station.checkLog()).toThrow(/HSM_AUDIT_LOG_BROKEN.*line 3 is another/);
  expect(() =>
    Station.open({ ...place.env, ...ALLOWED, NODE_ENV: 'production', HSM_USE_LEDGER: '' }, log),
  ).toThrow('HSM_USE_LEDGER is missing');
});

describe('a restored token', () => {
  /** Through PKCS#11, by whoever has the user PIN: a derive-only key that says it has another's KCV. */
  function putByHand(label: string, kcv: string): void {
    const identity = { label, usage: 'K1', algorithm: 'A', part: 'whole', kcv } as const;
    station.session.create([
      ...storedKeyTemplate(identity, true),
      { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_AES },
      ...permissionTemplate(permissionsOf('K1', 'whole')),
      { type: pkcs11.CKA_VALUE, value: hex('00112233445566778899AABBCCDDEEFF') },
    ]);
    station.close();
    station = Station.open({ ...place.env, ...ALLOWED }, log);
  }

  it('with another value under the name and KCV of a key is not the same', () => {
    const backup = join(folder, 'backup');
    backUp(station, backup, undefined);
    expect(verifyBackup(station, backup)).toBe(6);
    const { stored, kcv = '' } = station.keys.get('ZMK/OWN');
    station.session.destroy(stored);
    putByHand('ZMK/OWN', kcv);
    expect(() => verifyBackup(station, backup)).toThrow(/HSM_BACKUP_DIFFERS.*ZMK\/OWN has KCV/);
  });

  it('with a key that the backup does not know is not the same', () => {
    const backup = join(folder, 'backup');
    backUp(station, backup, undefined);
    putByHand('ZMK/ROGUE', '000000');
    expect(() => verifyBackup(station, backup)).toThrow(/HSM_BACKUP_DIFFERS.*ZMK\/ROGUE/);
  });
});
