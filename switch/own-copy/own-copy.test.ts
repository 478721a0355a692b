import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Pan } from '../../messages/index.ts';
import { type Log, silentLog, systemRandom } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { FlushPlace, KeptFlush } from '../journal/kept-flush.ts';
import type { SealingHsm } from '../sealing/sealing-key.ts';
import type { ComparedDatabase } from './compared-database.ts';
import { KeptFiles, type KeptFilesParts } from './kept-files.ts';
import { OwnCopy } from './own-copy.ts';

const DATABASE = 'ab'.repeat(16);
const OTHER_DATABASE = 'cd'.repeat(16);

let folder: string;
let clock: VirtualClock;
let isHsmAway: boolean;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'etika-own-copy-')), 'node-1');
  clock = new VirtualClock();
  isHsmAway = false;
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

/** Its ciphertext is the number turned round, and its hash the number again. */
const hsm: SealingHsm = {
  async protectPan(pan) {
    if (isHsmAway) throw new Error('away');
    const digits = pan.reveal();
    return {
      ciphertext: Buffer.from([...digits].reverse().join('')),
      lookup: Buffer.from(digits.padEnd(32)),
    };
  },
  async revealPan(ciphertext) {
    return Pan.of([...Buffer.from(ciphertext).toString()].reverse().join(''));
  },
};

function flush(sequence: number, changes: Partial<KeptFlush> = {}): KeptFlush {
  const link = sequence.toString(16).padStart(64, '0');
  const lines = { entries: `entry ${sequence} é`, claims: 'claims', followUps: '', takes: '' };
  return { epoch: 3, first: sequence, last: sequence, link, lines, owned: ['0'.repeat(40)], ...changes };
}

/** A database that has everything up to a sequence. */
class Fallen implements ComparedDatabase {
  readonly told: string[] = [];
  readonly again: KeptFlush[] = [];
  #upTo: number;

  constructor(upTo: number) {
    this.#upTo = upTo;
  }

  async holds({ last }: FlushPlace) {
    return last <= this.#upTo || this.again.some((each) => each.last === last);
  }

  async noteLoss({ epoch, last }: FlushPlace) {
    this.told.push(`loss ${epoch}:${last}`);
  }

  async writeAgain(written: KeptFlush) {
    this.again.push(written);
    return { written: 1, conflicts: 0 };
  }

  async tell(_: FlushPlace, note: string) {
    this.told.push(note);
  }

  async vouch(fromEpoch: number) {
    this.told.push(`vouched from ${fromEpoch}`);
  }
}

function open(changes: Partial<KeptFilesParts> = {}) {
  const limits = { keepMs: 3_600_000, maxBytes: 1_000_000 };
  const files = new KeptFiles({
    folder,
    hsm,
    clock,
    random: systemRandom,
    log: silentLog,
    ...limits,
    ...changes,
  });
  const fallen = { now: new Fallen(Number.MAX_SAFE_INTEGER) };
  const database = (work: (compared: ComparedDatabase) => Promise<void>) => work(fallen.now);
  return { files, fallen, copy: new OwnCopy({ node: 'node-1', files, database, log: silentLog }) };
}

async function lifeBefore(count: number, database = DATABASE): Promise<void> {
  const { copy, files } = open();
  await copy.compare(database);
  for (let sequence = 1; sequence <= count; sequence += 1) {
    copy.keep(flush(sequence));
    if (sequence % 10 === 0) await files.settled();
  }
  await copy.close();
}

const onlyFile = () => join(folder, readdirSync(folder)[0] ?? '');

describe('a database that fell back', () => {
  test('is given, by a process that lives, what it lacks: in order, from the first that is missing', async () => {
    const { copy, fallen } = open();
    await copy.compare(DATABASE);
    for (let sequence = 1; sequence <= 25; sequence += 1) copy.keep(flush(sequence));
    fallen.now = new Fallen(17);
    await copy.compare(DATABASE);
    expect(fallen.now.again).toEqual([18, 19, 20, 21, 22, 23, 24, 25].map((each) => flush(each)));
    expect(fallen.now.told).toEqual([
      'loss 3:25',
      '8 entries written again, 0 conflicts, 0 flushes unreadable',
      'vouched from 3',
    ]);
    await copy.close();
  });

  test('is given it by the next life of the process too', async () => {
    await lifeBefore(30);
    const { copy, fallen } = open();
    fallen.now = new Fallen(12);
    await copy.compare(DATABASE);
    expect(fallen.now.again.map(({ last }) => last)).toEqual(Array.from({ length: 18 }, (_, at) => at + 13));
  });

  test('that has the last flush has all: nothing is told but that', async () => {
    await lifeBefore(30);
    const { copy, fallen } = open();
    await copy.compare(DATABASE);
    expect(fallen.now).toMatchObject({ again: [], told: ['vouched from 3'] });
  });

  test('of which nothing was kept is not vouched for', async () => {
    const { copy, fallen } = open();
    await copy.compare(DATABASE);
    expect(fallen.now.told).toEqual([]);
  });

  test('is another one: what was kept of it is not written here', async () => {
    await lifeBefore(5, OTHER_DATABASE);
    const { copy, fallen } = open();
    fallen.now = new Fallen(0);
    await copy.compare(DATABASE);
    expect(fallen.now).toMatchObject({ again: [], told: [] });
  });

  test('is not written to while the HSM is away: it is tried again', async () => {
    await lifeBefore(5);
    const { copy, fallen } = open();
    fallen.now = new Fallen(3);
    isHsmAway = true;
    await expect(copy.compare(DATABASE)).rejects.toThrow('away');
    isHsmAway = false;
    await copy.compare(DATABASE);
    expect(fallen.now.again.map(({ last }) => last)).toEqual([4, 5]);
  });
});

describe('the files', () => {
  test('hold nothing in clear, and are for their owner only', async () => {
    await lifeBefore(3);
    expect(readFileSync(onlyFile(), 'latin1')).not.toContain('entry');
    expect(statSync(onlyFile()).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test('a record that is cut off ends a file', async () => {
    await lifeBefore(4);
    const whole = readFileSync(onlyFile());
    writeFileSync(onlyFile(), whole.subarray(0, whole.length - 5));
    const { copy, fallen } = open();
    fallen.now = new Fallen(0);
    await copy.compare(DATABASE);
    expect(fallen.now.again.map(({ last }) => last)).toEqual([1, 2, 3]);
  });

  test('a record that was altered is not written again, and its node is not vouched for', async () => {
    await lifeBefore(4);
    const bytes = readFileSync(onlyFile());
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    writeFileSync(onlyFile(), bytes);
    const { copy, fallen } = open();
    fallen.now = new Fallen(0);
    await copy.compare(DATABASE);
    expect(fallen.now.again.map(({ last }) => last)).toEqual([1, 2, 3]);
    expect(fallen.now.told.at(-1)).toBe('3 entries written again, 0 conflicts, 1 flushes unreadable');
  });

  test('strange files in the folder are passed by', async () => {
    await lifeBefore(2);
    appendFileSync(join(folder, '999999999999999-00000000.kept'), 'what');
    const { copy, fallen } = open();
    fallen.now = new Fallen(1);
    await copy.compare(DATABASE);
    expect(fallen.now.again.map(({ last }) => last)).toEqual([2]);
  });

  test('have an end: the oldest go when they are too many', async () => {
    const { copy, files } = open({ maxBytes: 16_000 });
    await copy.compare(DATABASE);
    for (let sequence = 1; sequence <= 400; sequence += 1) {
      copy.keep(flush(sequence));
      await files.settled();
    }
    const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(18_000);
    expect((await files.newest())?.last).toBe(400);
    await copy.close();
  });

  test('and when they are too old', async () => {
    const { copy, files } = open({ keepMs: 16_000 });
    await copy.compare(DATABASE);
    for (let sequence = 1; sequence <= 40; sequence += 1) {
      copy.keep(flush(sequence));
      await files.settled();
      await clock.advance(1_100);
    }
    expect(readdirSync(folder).length).toBeLessThan(20);
    await copy.close();
  });

  test('that cannot be written cost no payment: what waits is bounded, counted, and written when it can be', async () => {
    const events: string[] = [];
    const note = (line: { event: string }) => void events.push(line.event);
    const log = { ...silentLog, error: note, info: note } as unknown as Log;
    const { copy, files } = open({ log });
    await copy.compare(DATABASE);
    isHsmAway = true;
    const lines = { entries: 'x'.repeat(1_000_000), claims: '', followUps: '', takes: '' };
    for (let sequence = 1; sequence <= 20; sequence += 1) copy.keep(flush(sequence, { lines }));
    await files.settled();
    expect(copy.status()).toEqual({ waiting: 16, lost: 4 });
    isHsmAway = false;
    await clock.advance(1_000);
    await files.settled();
    expect(copy.status()).toEqual({ waiting: 0, lost: 4 });
    expect(events).toEqual(['own-copy.failed', 'own-copy.kept-again']);
    await copy.close();
  });
});
