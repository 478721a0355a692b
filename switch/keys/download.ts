import type { TerminalSettings } from '../config/settings.ts';
import { Refusal } from '../errors.ts';
import type { KeyBook, KeyCustodian } from './key-book.ts';
import type { KeyOwner, KeySet, NamedKey } from './key-records.ts';
import { type TerminalKeys, terminalOwner } from './terminal-keys.ts';

export interface DownloadPorts {
  readonly book: KeyBook;
  readonly custodian: KeyCustodian;
  readonly terminalKeys: TerminalKeys;
  readonly wall: () => number;
  /** Absent: each request has new blocks made. */
  readonly given?: GivenKeys;
}

/** What is given to a terminal (X9.143 header): its PIN key only encrypts there, its MAC key makes and verifies. */
const PIN_KEY = { usage: 'PT', algorithm: 'T', length: 16, mode: 'E' } as const;
/** Of format 4. */
const LONG_PIN_KEY = { usage: 'PT', algorithm: 'A', length: 16, mode: 'E' } as const;
const MAC_KEY = { usage: 'M3', algorithm: 'T', length: 16, mode: 'C' } as const;

type PinKey = typeof PIN_KEY | typeof LONG_PIN_KEY;

const MAX_COLLISIONS = 5;

/** How long a terminal that asks again gets the answer that was made for it: its first may have been lost. */
const GIVEN_AGAIN_MS = 10_000;
const MOST_GIVEN = 10_000;

interface Given {
  readonly generation: number;
  readonly until: number;
  readonly answer: string;
}

/**
 * What was given to terminals lately. The request for keys is the one message that costs work though nothing is proven
 * of it: whoever sends it in a terminal's name has the HSM asked once in a while, and not for each frame. An answer
 * holds only keys that the terminal's master key opens.
 */
export class GivenKeys {
  readonly #given = new Map<KeyOwner, Given>();

  /** The answer of a moment ago, while the keys in it are still the pending ones. */
  again(owner: KeyOwner, pending: number | undefined, now: number): string | undefined {
    const given = this.#given.get(owner);
    return given && given.until > now && given.generation === pending ? given.answer : undefined;
  }

  keep(owner: KeyOwner, generation: number, answer: string, now: number): void {
    this.#given.delete(owner);
    this.#given.set(owner, { generation, until: now + GIVEN_AGAIN_MS, answer });
    const oldest = this.#given.keys().next().value;
    if (this.#given.size > MOST_GIVEN && oldest !== undefined) this.#given.delete(oldest);
  }
}

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
  const { given, book, terminalKeys, wall } = ports;
  const owner = terminalOwner(terminal);
  const known = terminalKeys.pendingOf(book.inMemory(owner))?.generation;
  const again = given?.again(owner, known, wall());
  if (again) return again;

  const { generation, pin, mac } = await pendingSet(terminal, ports);
  const give = async ({ reference, kcv }: NamedKey, { mode }: { mode: string }) => {
    const header = { version: keyBlock, mode, exportability: 'N' } as const;
    return kcv + (await ports.custodian.exportKeyBlock(masterKey, reference, header));
  };
  const answer = (await give(pin, pinKeyOf(terminal))) + (await give(mac, MAC_KEY));
  given?.keep(owner, generation, answer, wall());
  return answer;
}

async function pendingSet(
  terminal: TerminalSettings,
  { book, custodian, terminalKeys, wall }: DownloadPorts,
): Promise<KeySet & { readonly mac: NamedKey }> {
  const owner = terminalOwner(terminal);
  const make = async ({ mode: _, ...kind }: PinKey | typeof MAC_KEY): Promise<NamedKey> => {
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
      pin: await make(pinKeyOf(terminal)),
      mac: await make(MAC_KEY),
    } as const;
    const outdated = sets.filter(({ state }) => state === 'pending');
    const discarded = outdated.map((set) => ({ ...set, state: 'discarded', at: wall() }) as const);
    if (await book.record(owner, [...discarded, made])) return made;
  }
  throw new Refusal('SW_KEY_STORE', { owner, collisions: MAX_COLLISIONS });
}

function pinKeyOf({ pinFormat }: Pick<TerminalSettings, 'pinFormat'>): PinKey {
  return pinFormat === 4 ? LONG_PIN_KEY : PIN_KEY;
}
