import { afterEach, expect, it } from 'vitest';
import type { Hsm } from '../../hsm/index.ts';
import { silentLog } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { developmentSettings } from '../config/development.ts';
import type { TerminalSettings } from '../config/settings.ts';
import { GivenKeys, newTerminalKeys } from './download.ts';
import { KeyBook, type KeyCustodian } from './key-book.ts';
import type { KeyOwner, KeyRecords, KeySet } from './key-records.ts';
import { TerminalKeys } from './terminal-keys.ts';

/** Records in memory, with the contract of the real ones; `away` is how the database is when it is. */
class MemoryRecords implements KeyRecords {
  readonly steps: { readonly owner: KeyOwner; readonly set: KeySet }[] = [];
  away = false;
  reads = 0;
  /** Runs before the next steps are recorded: another node was first. */
  meanwhile: (() => void) | undefined;

  async of(owner: KeyOwner): Promise<KeySet[]> {
    this.reads += 1;
    await this.#reachable();
    const latest = new Map<number, KeySet>();
    for (const step of this.steps) if (step.owner === owner) latest.set(step.set.generation, step.set);
    return [...latest.values()].sort((a, b) => a.generation - b.generation);
  }

  async changedSince(position: number) {
    await this.#reachable();
    const owners = [...new Set(this.steps.slice(position).map(({ owner }) => owner))];
    return { owners, position: this.steps.length };
  }

  async record(owner: KeyOwner, sets: readonly KeySet[]): Promise<boolean> {
    await this.#reachable();
    this.meanwhile?.();
    this.meanwhile = undefined;
    const isTaken = sets.some(({ generation, state }) =>
      this.steps.some((step) => step.set.generation === generation && step.set.state === state),
    );
    if (!isTaken) this.steps.push(...sets.map((set) => ({ owner, set })));
    return !isTaken;
  }

  async #reachable(): Promise<void> {
    await Promise.resolve();
    if (this.away) throw new Error('the database is away');
  }
}

const [terminal] = developmentSettings({
  databaseUrl: 'postgres://unused',
  hsmSocketPath: '/unused',
  visa: { host: '127.0.0.1', port: 0 },
  popUrl: 'http://127.0.0.1:1',
}).terminals;
if (!terminal) throw new Error('the development settings have no terminal');

const opened = new Set<KeyBook>();
afterEach(() => {
  for (const book of opened) book.close();
  opened.clear();
});

/** A node: its MACs are the name of the key they are under. */
function node(records = new MemoryRecords()) {
  const clock = new VirtualClock();
  let made = 0;
  let exported = 0;
  const custodian: Partial<KeyCustodian> = {
    generateKey: async (_, { state }) => {
      made += 1;
      return { record: `wk1.${made}.${state}`, kcv: `00000${made}` };
    },
    exportKeyBlock: async (_, record) => {
      exported += 1;
      return record.split('.')[1] ?? '';
    },
    setKeyState: async (record, state) => record.replace(/\w+$/, state),
    keyCheckValue: async () => 'ABCDEF',
  };
  const book = new KeyBook({ records, custodian: custodian as KeyCustodian, clock, log: silentLog });
  opened.add(book);
  const hsm: Pick<Hsm, 'openRequest'> = {
    openRequest: async ({ seal }) => {
      const fitted = seal?.keys.findIndex(({ macKey }) => macKey === String(seal.mac)) ?? -1;
      return fitted === -1 ? { mac: 'wrong' } : { mac: 'right', fitted };
    },
  };
  const life = { overlapMs: 60_000, pendingMs: 3_600_000 };
  const terminalKeys = new TerminalKeys({ hsm, book, life, clock });
  const given = new GivenKeys();
  const download = (kept: { given?: GivenKeys } = {}) =>
    newTerminalKeys(terminal as TerminalSettings, {
      ...kept,
      book,
      custodian: custodian as KeyCustodian,
      terminalKeys,
      wall: () => clock.wall(),
    });
  const prove = async (mac: string) => {
    const sealed = { covered: Buffer.alloc(0), mac: Buffer.from(mac) };
    return (await terminalKeys.prove(terminal as TerminalSettings, sealed))?.keys;
  };
  return { clock, book, records, given, exported: () => exported, download, prove };
}

const states = ({ steps }: MemoryRecords) => steps.map(({ set }) => `${set.generation} ${set.state}`);

it('a message under new keys whose activation cannot be recorded is not believed, and later is', async () => {
  const { records, download, prove } = node();
  await download();
  await prove('TAK/TERM0001');
  records.away = true;
  await expect(prove('wk1.2.active')).rejects.toMatchObject({ code: 'SW_KEY_STORE', isPassing: true });
  await expect(download()).rejects.toMatchObject({ code: 'SW_KEY_STORE' });
  expect(await prove('TAK/TERM0001')).toMatchObject({ macKey: 'TAK/TERM0001' });
  records.away = false;
  expect(await prove('wk1.2.active')).toMatchObject({ macKey: 'wk1.2.active', pinKey: 'wk1.1.active' });
  expect(states(records)).toEqual(['1 pending', '1 active', '0 expiring']);
});

it('of two nodes that make keys at once both give what the first one recorded', async () => {
  const records = new MemoryRecords();
  const [one, other] = [node(records), node(records)];
  const pin = { reference: 'wk1.8.pending', kcv: '000008' };
  records.meanwhile = () => {
    const set = {
      generation: 1,
      state: 'pending',
      at: one.clock.wall(),
      pin,
      mac: { ...pin, kcv: '000009' },
    } as const;
    records.steps.push({ owner: 'terminal/TERM0001', set });
  };
  expect(await one.download()).toBe('00000880000098');
  expect(await other.download()).toBe('00000880000098');
  expect(states(records)).toEqual(['1 pending']);
});

it('keys that are not used in their time are discarded for others, and prove nothing any more', async () => {
  const { clock, records, download, prove } = node();
  const first = await download();
  await clock.advance(3_600_001);
  expect(await prove('wk1.2.active')).toBeUndefined();
  expect(await download()).not.toBe(first);
  expect(states(records)).toEqual(['1 pending', '1 discarded', '2 pending']);
  expect(await prove('wk1.2.active')).toBeUndefined();
  expect(await prove('wk1.4.active')).toMatchObject({ pinKey: 'wk1.3.active' });
});

it('the keys before new ones prove a message until their overlap ends', async () => {
  const { clock, download, prove } = node();
  await download();
  await prove('wk1.2.active');
  expect(await prove('TAK/TERM0001')).toBeDefined();
  await clock.advance(60_000);
  expect(await prove('TAK/TERM0001')).toBeUndefined();
});

it('a wrong MAC has nothing read, whether the terminal was heard before or not', async () => {
  const { clock, records, prove } = node();
  await clock.advance(0);
  expect(await Promise.all(Array.from({ length: 100 }, () => prove('wrong')))).toEqual(
    Array.from({ length: 100 }, () => undefined),
  );
  expect(records.reads).toBe(0);
});

it('of whom keys are recorded before the start, those are read once and hold', async () => {
  const records = new MemoryRecords();
  const before = node(records);
  await before.download();
  await before.prove('wk1.2.active');
  const { prove } = node(records);
  const reads = records.reads;
  expect(await prove('wk1.2.active')).toMatchObject({ macKey: 'wk1.2.active' });
  expect(await prove('wrong')).toBeUndefined();
  expect(records.reads - reads).toBe(1);
});

it('what another node changed is known within a look', async () => {
  const records = new MemoryRecords();
  const [one, other] = [node(records), node(records)];
  await one.prove('TAK/TERM0001');
  await other.download();
  await other.prove('wk1.2.active');
  expect(one.book.inMemory('terminal/TERM0001')).toEqual([]);
  await one.clock.advance(2_000);
  expect(one.book.inMemory('terminal/TERM0001')).toHaveLength(2);
});

it('whoever asks for keys again and again has the HSM and the records asked once', async () => {
  const { clock, records, given, exported, download, prove } = node();
  const first = await download({ given });
  const reads = records.reads;
  for (let i = 0; i < 100; i += 1) expect(await download({ given })).toBe(first);
  expect([exported(), records.reads - reads]).toEqual([2, 0]);
  await clock.advance(10_000);
  expect(await download({ given })).toBe(first);
  expect(exported()).toBe(4);
  await prove('wk1.2.active');
  expect(await download({ given })).not.toBe(first);
});
