import {
  type Cipheriv,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type Decipheriv,
  generateKeyPairSync,
  sign,
  timingSafeEqual,
} from 'node:crypto';
import {
  HsmError,
  type HsmErrorCode,
  type OpenedParts,
  type OpenedRequest,
  type OpenRequest,
  type PaymentHsmClient,
} from '../../hsm/index.ts';
import { Pan, PinBlock } from '../../messages/index.ts';
import { pinCipher } from '../../simulators/crypto/pin-block.ts';
import { retailMac } from '../../simulators/crypto/retail-mac.ts';
import { clearField, spendCounter } from './derived-keys.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimProcess } from './sim-process.ts';
import { keyOf, simCustodian } from './working-keys.ts';

/**
 * How the device behaves just now. `garbled`: what it makes is of the right length and wrong. `busy with …`: it is at
 * the limit of its peer, and refuses all other work: what follows a reply, or what payments wait for.
 */
export type HsmCondition =
  | 'well'
  | 'slow'
  | 'silent'
  | 'away'
  | 'failing'
  | 'garbled'
  | 'busy with payments'
  | 'busy with the rest';
/** Who waits for it: a payment under way, or whatever follows a reply, changes keys and signs heads. */
type Work = 'payment' | 'rest';

const REFUSES: Readonly<Partial<Record<HsmCondition, Work>>> = {
  'busy with payments': 'rest',
  'busy with the rest': 'payment',
};

const REQUEST_TIMEOUT_MS = 500;
/** Ciphers of so many keys. */
const MOST_KEPT = 500;
const DATA_KEY = createSecretKey(Buffer.from('the data key of the simulated HSM').subarray(0, 32));
const LOOKUP_KEY = Buffer.from('the look-up key of the simulated HSM');
/** Its signatures differ from run to run; nothing depends on what they are. */
export const AUDIT_KEY = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const BLOCK = 8;
const CARD_VALUE = '123';
const PIN_VALUE = '4567';
const CARD_PIN = '4711';

const macs = new Map<string, (data: Uint8Array) => Buffer>();
const pinCiphers = new Map<string, Cipheriv | Decipheriv>();
const lookups = new Map<string, Buffer>();

/** What a device does at once, and how long each takes it. */
export interface HsmCapacity {
  readonly slots: number;
  readonly serviceMs: number;
}

/** Real cryptography in software, behind a device that can be slow, silent, away or broken. */
export function simHsm(
  process: SimProcess,
  random: SeededRandom,
  condition: () => HsmCondition,
  capacity?: HsmCapacity,
): PaymentHsmClient {
  const waitMs = capacity ? turnsAt(process, capacity) : () => 0;
  const ask = <T>(work: () => T, of?: Work): Promise<T> => {
    const state = condition();
    return new Promise((resolve, reject) => {
      const answerMs = waitMs() + (state === 'slow' ? random.between(100, 900) : random.between(0.1, 1.5));
      const fail = (code: HsmErrorCode, inMs: number) =>
        process.deliver(inMs, () => reject(new HsmError(code)));
      if (state === 'away') return fail('HSM_UNAVAILABLE', 0.05);
      if (of !== undefined && of === REFUSES[state]) {
        process.world.sometimes(
          `the HSM refused ${of === 'payment' ? 'a payment for the rest' : 'the rest for payments'}`,
        );
        return fail('HSM_BUSY', 0.05);
      }
      if (state === 'silent' || answerMs > REQUEST_TIMEOUT_MS) return fail('HSM_TIMEOUT', REQUEST_TIMEOUT_MS);
      if (state === 'failing' && random.chance(0.5)) return fail('HSM_TOKEN_FAILED', answerMs);
      process.deliver(answerMs, () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
    });
  };
  const payment = <T>(work: () => T) => ask(work, 'payment');
  const rest = <T>(work: () => T) => ask(work, 'rest');
  const garbled = (bytes: Buffer) => (condition() === 'garbled' ? random.bytes(bytes.length) : bytes);
  const hsm: Partial<PaymentHsmClient> = {
    generateMac: (key, data) => payment(() => garbled(macOf(key, data, process.clock.wall()))),
    openRequest: (request) => payment(() => openedBy(request, garbled, random, process.clock.wall())),
    translatePinBlock: ({ from, to, pan }) =>
      payment(() => {
        const { key, ksn, block, transaction = '' } = from;
        if (!ksn) throw new HsmError('HSM_REQUEST_INVALID');
        spendCounter(process.world, ksn, transaction);
        const clear = clearField(key, ksn, block.reveal());
        return PinBlock.of(garbled(encrypted(clear, to, pan, process.clock.wall())));
      }),
    // The values that simulated issuers have written on their cards, and the PIN of every card.
    verifyCvv: (_, __, value) => payment(() => value === CARD_VALUE),
    verifyPvv: ({ pin, pan, pvv }) => payment(() => pvv === PIN_VALUE && isCardPin(pin, pan)),
    verifyPinOffset: ({ pin, pan, offset }) => payment(() => offset === PIN_VALUE && isCardPin(pin, pan)),
    revealPan: (ciphertext) => rest(() => decrypt(ciphertext)),
    sign: (_, data) =>
      rest(() => garbled(sign('sha256', data, { key: AUDIT_KEY.privateKey, dsaEncoding: 'ieee-p1363' }))),
    publicKey: () => rest(() => garbled(AUDIT_KEY.publicKey.export({ format: 'der', type: 'spki' }))),
    ping: () => ask(() => undefined),
    connected: () => condition() !== 'away',
    whenConnected: async () => {},
    close: async () => {},
    ...simCustodian(process, random, rest),
  };
  return hsm as PaymentHsmClient;
}

/** Each request waits for the slot that is free first. @returns how long the next one takes until it is done */
function turnsAt({ world }: SimProcess, { slots, serviceMs }: HsmCapacity): () => number {
  const freeAt = Array.from({ length: slots }, () => 0);
  return () => {
    const first = freeAt.indexOf(Math.min(...freeAt));
    const doneAt = Math.max(world.now, freeAt[first] ?? 0) + serviceMs;
    freeAt[first] = doneAt;
    return doneAt - world.now;
  };
}

function isCardPin({ block, key }: { readonly block: PinBlock; readonly key: string }, pan: Pan): boolean {
  return pinCipher(keyOf(key)).check(block.reveal(), CARD_PIN, pan.reveal()) === 'right';
}

type Garble = (bytes: Buffer) => Buffer;

/** Under a wrong MAC nothing else is done. */
function openedBy(request: OpenRequest, garbled: Garble, random: SeededRandom, now: number): OpenedRequest {
  const { seal, pan, protect, pin } = request;
  const fitted =
    seal?.keys.findIndex(
      ({ macKey }) =>
        !isPast(macKey, now) &&
        timingSafeEqual(garbled(macOf(macKey, seal.data, now)).subarray(0, seal.mac.length), seal.mac),
    ) ?? -1;
  if (seal && fitted === -1) return { mac: 'wrong' };
  const from = pin?.key ?? seal?.keys[fitted]?.pinKey ?? '';
  const parts: OpenedParts = {
    ...(pan && protect && { card: { done: { ciphertext: encrypt(pan, random), lookup: lookupOf(pan) } } }),
    ...(pan &&
      pin && {
        pin: translated(() => PinBlock.of(garbled(translate({ from, to: pin.to, now }, pan, pin.block)))),
      }),
  };
  return seal ? { mac: 'right', fitted, ...parts } : { mac: 'not-asked', ...parts };
}

function translated(work: () => PinBlock): OpenedParts['pin'] & object {
  try {
    return { done: work() };
  } catch (error) {
    if (error instanceof HsmError) return { refused: error };
    throw error;
  }
}

/** Keys whose time is over are passed by. */
function isPast(key: string, now: number): boolean {
  try {
    keyOf(key, now);
    return false;
  } catch {
    return true;
  }
}

function macOf(key: string, data: Uint8Array, now: number): Buffer {
  const value = keyOf(key, now);
  const known = macs.get(key) ?? retailMac(value);
  keep(macs, key, known);
  return known(data);
}

/** Working keys are made anew in every run. */
function keep<T>(cache: Map<string, T>, name: string, value: T): void {
  if (cache.size >= MOST_KEPT) cache.clear();
  cache.set(name, value);
}

/** The keyed hash of a card number. */
export function lookupOf(pan: Pan): Buffer {
  const digits = pan.reveal();
  const known = lookups.get(digits) ?? createHmac('sha256', LOOKUP_KEY).update(digits).digest();
  lookups.set(digits, known);
  return known;
}

function encrypt(pan: Pan, random: SeededRandom): Buffer {
  const nonce = random.bytes(12);
  const cipher = createCipheriv('aes-256-gcm', DATA_KEY, nonce);
  const body = cipher.update(pan.reveal(), 'latin1');
  cipher.final();
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

function decrypt(ciphertext: Uint8Array): Pan {
  const bytes = Buffer.from(ciphertext);
  const decipher = createDecipheriv('aes-256-gcm', DATA_KEY, bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  const digits = decipher.update(bytes.subarray(28)).toString('latin1');
  decipher.final();
  return Pan.of(digits);
}

/** Format 0 to format 0 for the same PAN: the clear field is the same, only the key changes. */
function translate(
  { from, to, now }: { readonly from: string; readonly to: string; readonly now: number },
  pan: Pan,
  block: PinBlock,
): Buffer {
  return encrypted(tdes(createDecipheriv, from, Buffer.from(block.reveal()), now), to, pan, now);
}

function encrypted(clear: Buffer, to: string, pan: Pan, now: number): Buffer {
  const account = Buffer.from(
    pan
      .reveal()
      .slice(0, -1)
      .slice(-12)
      .padStart(BLOCK * 2, '0'),
    'hex',
  );
  const first = (clear[0] ?? 0) ^ (account[0] ?? 0);
  if (first < 4 || first > 12) throw new HsmError('HSM_PIN_BLOCK_INVALID');
  return tdes(createCipheriv, to, clear, now);
}

type Direction = typeof createCipheriv | typeof createDecipheriv;

/** In ECB no block depends on another: one cipher object serves for ever, and a new one costs more than its work. */
function tdes(make: Direction, name: string, block: Buffer, now: number): Buffer {
  const key = `${make.name} ${name}`;
  const value = keyOf(name, now);
  const cipher = pinCiphers.get(key) ?? make('des-ede-ecb', value, null).setAutoPadding(false);
  keep(pinCiphers, key, cipher);
  return cipher.update(block);
}
