import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { checker } from '../common/check.ts';
import { checkValue, unwrapKey } from '../crypto/key-block.ts';
import { SimulatorError } from '../errors.ts';
import { type TerminalKeys, terminalKeys } from './keys.ts';

/** Six hex digits each, as the terminal computes them. */
export interface KeyCheckValues {
  pin: string;
  mac: string;
}

const stored = Type.Object({ pin: Type.String(), mac: Type.String() }, { additionalProperties: false });

/** Key blocks under the terminal's master key: as they came, and as they are kept. */
export type KeyBlocks = Static<typeof stored>;

const checkStored = checker(stored);
const KCV_LENGTH = 6;
/** A key block tells its own length, behind its version. */
const LENGTH_DIGITS = 4;

interface Given {
  block: string;
  kcv: string;
}

/** DE62 of an 0810 with keys: PIN key, then MAC key, each its KCV and its key block. */
export function givenKeys(text: string): { blocks: KeyBlocks; told: KeyCheckValues } {
  const [pin, mac] = [...entries(text)];
  if (!pin || !mac) throw new SimulatorError('SIM_KEY_BLOCK', { reason: 'DE62' });
  return { blocks: { pin: pin.block, mac: mac.block }, told: { pin: pin.kcv, mac: mac.kcv } };
}

function* entries(text: string): Generator<Given> {
  for (let at = 0; at < text.length; ) {
    const start = at + KCV_LENGTH;
    const length = Number(text.slice(start + 1, start + 1 + LENGTH_DIGITS));
    if (!(length > LENGTH_DIGITS)) return;
    yield { kcv: text.slice(at, start), block: text.slice(start, start + length) };
    at = start + length;
  }
}

/** Opens what a terminal was given. @throws {SimulatorError} SIM_KEY_BLOCK */
export function openKeys(
  blocks: KeyBlocks,
  masterKey: Buffer,
): { keys: TerminalKeys; computed: KeyCheckValues } {
  const pin = open(blocks.pin, masterKey, 'P0');
  const mac = open(blocks.mac, masterKey, 'M3');
  return { keys: terminalKeys(pin, mac), computed: { pin: checkValue(pin), mac: checkValue(mac) } };
}

function open(block: string, masterKey: Buffer, wanted: string): Buffer {
  const { key, usage } = unwrapKey(masterKey, block);
  if (usage !== wanted) throw new SimulatorError('SIM_KEY_BLOCK', { reason: `usage ${usage}` });
  return key;
}

/**
 * What a terminal keeps over its runs, beside its records; under its master key, as a terminal's secure module would.
 */
export interface KeyStore {
  load(): KeyBlocks | undefined;
  save(blocks: KeyBlocks): void;
}

export function keyStore(folder: string, terminal: string): KeyStore {
  const file = join(folder, 'keys', `${terminal}.json`);
  return {
    load() {
      let text: string;
      try {
        text = readFileSync(file, 'utf8');
      } catch {
        return undefined;
      }
      return checkStored(JSON.parse(text));
    },
    save(blocks) {
      mkdirSync(join(folder, 'keys'), { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.new`, JSON.stringify(blocks), { mode: 0o600, flush: true });
      renameSync(`${file}.new`, file);
    },
  };
}
