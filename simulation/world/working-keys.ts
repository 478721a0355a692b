import { developmentKey, HsmError } from '../../hsm/index.ts';
import { checkValue, unwrapKey, withOddParity, wrapKey } from '../../simulators/crypto/key-block.ts';
import type { KeyCustodian } from '../../switch/keys/key-book.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimProcess } from './sim-process.ts';

const KEY_LENGTH = 16;
const END_OF_TIME = 9_999_999_999_999;
/** `wk1.` value, use, state, end: what a device would seal under its own key stands in clear, since nobody looks. */
const RECORD = /^wk1\.([0-9a-f]{32})\.(\w{2})\.(pending|active|expiring)\.(\d+)$/;

interface WorkingKey {
  readonly value: string;
  readonly usage: string;
  readonly state: string;
  readonly notAfter: number;
}

/** The value of a key: of one on the token, or of a working key that may be used now. @throws HsmError */
export function keyOf(name: string, now = 0): Buffer {
  if (!name.startsWith('wk1.')) return developmentKey(name);
  const { value, state, notAfter } = readRecord(name);
  if (state === 'pending' || now > notAfter) throw new HsmError('HSM_KEY_STATE', 'a working key');
  return Buffer.from(value, 'hex');
}

/** Makes, opens and hands out working keys, as the HSM does that `ask` asks. */
export function simCustodian(
  process: SimProcess,
  random: SeededRandom,
  ask: <T>(work: () => T) => Promise<T>,
): KeyCustodian {
  const made = (value: Buffer, usage: string, state: string) => ({
    record: recordOf({ value: value.toString('hex'), usage, state, notAfter: END_OF_TIME }),
    kcv: checkValue(value),
  });
  return {
    generateKey: ({ usage }, { state = 'active' }) =>
      ask(() => made(withOddParity(random.bytes(KEY_LENGTH)), usage, state)),
    importKeyBlock: (protection, block, { state = 'active' }, kcv) =>
      ask(() => {
        const { key, usage, mode } = opened(protection, block);
        if (checkValue(key) !== kcv) throw new HsmError('HSM_KEY_BLOCK_INVALID', 'KCV');
        const header = { version: block[0] as 'B' | 'D', usage, algorithm: 'T', mode };
        return {
          ...made(key, usage, state),
          header: { ...header, keyVersion: '00', exportability: 'N', optionalBlocks: [] },
        };
      }),
    exportKeyBlock: (protection, record, { version, mode }) =>
      ask(() => {
        const { value, usage } = readRecord(record);
        const use = { usage: usage === 'PT' ? 'P0' : usage, mode };
        const key = Buffer.from(value, 'hex');
        return wrapKey(version, developmentKey(protection), use, key, (length) => random.bytes(length));
      }),
    setKeyState: (record, state, notAfter = END_OF_TIME) =>
      ask(() => {
        const known = readRecord(record);
        return recordOf({ ...known, state, notAfter: Math.min(notAfter, known.notAfter) });
      }),
    keyCheckValue: (name) => ask(() => checkValue(keyOf(name, process.clock.wall()))),
  };
}

function opened(protection: string, block: string) {
  try {
    return unwrapKey(developmentKey(protection), block);
  } catch (error) {
    throw new HsmError('HSM_KEY_BLOCK_INVALID', '', { cause: error });
  }
}

function recordOf({ value, usage, state, notAfter }: WorkingKey): string {
  return `wk1.${value}.${usage}.${state}.${notAfter}`;
}

function readRecord(record: string): WorkingKey {
  const [, value, usage = '', state = '', notAfter] = RECORD.exec(record) ?? [];
  if (value === undefined) throw new HsmError('HSM_UNKNOWN_KEY', 'no working key');
  return { value, usage, state, notAfter: Number(notAfter) };
}
