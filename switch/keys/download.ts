import type { TerminalSettings } from '../config/settings.ts';
import { Refusal } from '../errors.ts';
import type { KeyBook, KeyCustodian } from './key-book.ts';
import type { KeySet, NamedKey } from './key-records.ts';
import { type TerminalKeys, terminalOwner } from './terminal-keys.ts';

export interface DownloadPorts {
  readonly book: KeyBook;
  readonly custodian: KeyCustodian;
  readonly terminalKeys: TerminalKeys;
  readonly wall: () => number;
}

/** What is given to a terminal (X9.143 header): its PIN key only encrypts there, its MAC key makes and verifies. */
const PIN_KEY = { usage: 'P0', algorithm: 'T', length: 16, mode: 'E' } as const;
const MAC_KEY = { usage: 'M3', algorithm: 'T', length: 16, mode: 'C' } as const;

const MAX_COLLISIONS = 5;

/**
 * New keys for a terminal: made and recorded as pending, then wrapped under its master key. Asked again before it has
 * used them, it gets the same: an answer that was lost costs nothing, and whoever asks in its name changes nothing.
 *
 * @returns PIN key, then MAC key, each its KCV and its key block
 * @throws HsmError; Refusal SW_NO_MASTER_KEY, SW_KEY_STORE
 */
export async function newTerminalKeys(terminal: TerminalSettings, ports: DownloadPorts): Promise<string> {
  const { masterKey, keyBlock = 'B' } = terminal;
  if (masterKey === undefined) throw new Refusal('SW_NO_MASTER_KEY', { terminal: terminal.id });
  const { pin, mac } = await pendingSet(terminal, ports);
  const give = async ({ reference, kcv }: NamedKey, { mode }: { mode: string }) => {
    const header = { version: keyBlock, mode, exportability: 'N' } as const;
    return kcv + (await ports.custodian.exportKeyBlock(masterKey, reference, header));
  };
  return (await give(pin, PIN_KEY)) + (await give(mac, MAC_KEY));
}

async function pendingSet(
  terminal: TerminalSettings,
  { book, custodian, terminalKeys, wall }: DownloadPorts,
): Promise<KeySet & { readonly mac: NamedKey }> {
  const owner = terminalOwner(terminal);
  const make = async ({ mode: _, ...kind }: typeof PIN_KEY | typeof MAC_KEY): Promise<NamedKey> => {
    const { record, kcv } = await custodian.generateKey(kind, { owner: terminal.id, state: 'pending' });
    return { reference: record, kcv };
  };
  for (let collisions = 0; collisions < MAX_COLLISIONS; collisions += 1) {
    const sets = await book.read(owner);
    const pending = terminalKeys.pendingOf(sets);
    if (pending?.mac) return { ...pending, mac: pending.mac };
    const generation = (sets.at(-1)?.generation ?? 0) + 1;
    const made = {
      generation,
      state: 'pending',
      at: wall(),
      pin: await make(PIN_KEY),
      mac: await make(MAC_KEY),
    } as const;
    const outdated = sets.filter(({ state }) => state === 'pending');
    const discarded = outdated.map((set) => ({ ...set, state: 'discarded', at: wall() }) as const);
    if (await book.record(owner, [...discarded, made])) return made;
  }
  throw new Refusal('SW_KEY_STORE', { owner, collisions: MAX_COLLISIONS });
}
