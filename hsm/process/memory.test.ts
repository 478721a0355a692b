import { createCipheriv } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Pan, PinBlock } from '../../messages/index.ts';
import { developmentKey } from '../development/keys.ts';
import { PIN_LIMITS } from '../pin/guard.ts';
import { startTestHsm, type TestHsm } from '../testing/index.ts';

let hsm: TestHsm;
beforeAll(async () => {
  hsm = await startTestHsm();
});
afterAll(() => hsm.stop());

const PAN = Pan.of('4111111111111111');
const PIN = '739155280461';

/** All writable memory of a process, piece by piece. @throws where the system does not let us read it */
function* memoryOf(pid: number): Generator<Buffer> {
  const maps = readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n');
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const line of maps) {
      const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      if (from === '') continue;
      yield* piecesOf(memory, Number.parseInt(from, 16), Number.parseInt(to, 16));
    }
  } finally {
    closeSync(memory);
  }
}

const PIECE = 4 * 1_024 * 1_024;

/** Pieces overlap, so that no pattern is cut in two. */
function* piecesOf(memory: number, from: number, to: number): Generator<Buffer> {
  for (let address = from; address < to; address += PIECE) {
    const piece = Buffer.alloc(Math.min(PIECE + 64, to - address));
    try {
      const length = readSync(memory, piece, 0, piece.length, address);
      yield piece.subarray(0, length);
    } catch {
      // Reserved but never touched, or kernel pages: nothing was ever written there.
    }
  }
}

function found(pid: number, patterns: ReadonlyMap<string, Buffer>): string[] {
  const names = new Set<string>();
  for (const piece of memoryOf(pid)) {
    for (const [name, pattern] of patterns) if (piece.includes(pattern)) names.add(name);
  }
  return [...names];
}

function mayReadMemory(): boolean {
  try {
    closeSync(openSync(`/proc/${hsm.pid()}/mem`, 'r'));
    return true;
  } catch {
    return false;
  }
}

it('after a run its memory holds no clear PIN and no clear key', async (test) => {
  if (!mayReadMemory()) test.skip('this system does not let us read the memory of another process');
  const clear = clearBlock(PIN);
  const cipher = createCipheriv('des-ede-ecb', developmentKey('TPK/TERM0001'), null).setAutoPadding(false);
  const block = PinBlock.of(cipher.update(clear));
  const dukpt = {
    key: 'BDK/TDES',
    ksn: Buffer.from('FFFF9876543210E00001', 'hex'),
    transaction: 'one of fifty times',
    block: PinBlock.of(Buffer.from('1B9C1845EB993A7A', 'hex')),
  };
  for (let i = 0; i < 50; i++) {
    await hsm.client.translatePin({ from: 'TPK/TERM0001', to: 'ZPK/VISA', pan: PAN, block });
    await hsm.client.translatePinBlock({
      from: { key: 'TPK/TERM0001', block },
      to: 'ZPK/VISA',
      toFormat: 3,
      pan: PAN,
    });
    const examplePan = Pan.of('4012345678909');
    await hsm.client.translatePinBlock({ from: dukpt, to: 'ZPK/VISA', toFormat: 0, pan: examplePan });
    const card = {
      version: 'VisaCVN10',
      sequenceNumber: '00',
      counter: Buffer.from('001C', 'hex'),
      unpredictableNumber: Buffer.from('52BF4585', 'hex'),
      pan: PAN,
      arqc: Buffer.from('29CCA15AE665FA2E', 'hex'),
    };
    const issuer = { cryptogram: 'IMK-AC/VISA', integrity: 'IMK-SMI/VISA', confidentiality: 'IMK-SMC/VISA' };
    await hsm.client.changeCardPin(issuer, card, { key: 'TPK/TERM0001', block });
    // As often in a row as the PIN of one card may be wrong.
    if (i >= PIN_LIMITS.inARow) continue;
    await hsm.client.verifyPvv({
      pin: { key: 'TPK/TERM0001', block },
      pan: PAN,
      pvk: 'PVK/VISA',
      keyIndex: 1,
      pvv: '0000',
    });
  }
  const digits = Buffer.from([...PIN].map(Number));
  const pins = new Map([
    ['clear PIN block', clear],
    ['PIN block before its PAN', Buffer.from(`0C${PIN}FF`, 'hex')],
    ['PIN digits', digits],
    ['PIN as text', Buffer.from(PIN, 'latin1')],
    // As Visa's PIN change has it: two lengths, then digits; the fifth byte has a byte of the card's key in it.
    ['PIN for a card', Buffer.from(`080C${PIN.slice(0, 6)}`, 'hex')],
    ['DUKPT clear block', Buffer.from('041274EDCBA9876F', 'hex')],
  ]);
  const keys = new Map([
    ['TPK', developmentKey('TPK/TERM0001')],
    ['ZPK', developmentKey('ZPK/VISA')],
    ['PVK', developmentKey('PVK/VISA')],
    ['DUKPT transaction key', Buffer.from('042666B49184CFA368DE9628D0397BC9', 'hex')],
    ['DUKPT PIN key', Buffer.from('042666B49184CF5C68DE9628D0397B36', 'hex')],
    ['DUKPT initial key', Buffer.from('6AC292FAA1315B4D858AB3A3D7D5933A', 'hex')],
  ]);
  const pid = hsm.pid() ?? 0;
  // Proof that the scan reads what it should: the process knows the name of its socket.
  expect(found(pid, new Map([['socket', Buffer.from(hsm.socketPath, 'latin1')]]))).toEqual(['socket']);
  expect(found(pid, pins)).toEqual([]);
  // An operation stays open for the next request for some milliseconds, and a software token keeps its key at hand.
  await vi.waitUntil(() => found(pid, keys).length === 0, 15_000);
});

function clearBlock(pin: string): Buffer {
  const block = Buffer.from(`0${pin.length.toString(16)}${pin}`.padEnd(16, 'F'), 'hex');
  const field = Buffer.from(`0000${PAN.reveal().slice(-13, -1)}`, 'hex');
  return Buffer.from(block.map((byte, index) => byte ^ (field[index] ?? 0)));
}
