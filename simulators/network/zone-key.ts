import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import Type, { type Static } from 'typebox';
import type { Clock, Random } from '../../runtime/index.ts';
import { checker } from '../common/check.ts';
import { checkValue, type KeyBlockVersion, withOddParity, wrapKey } from '../crypto/key-block.ts';
import { type PinCipher, pinCipher } from '../crypto/pin-block.ts';

const KEY_LENGTH = 16;
const HOUR_MS = 3_600_000;
const ACCEPTED = '00';

const change = Type.Object(
  {
    /** For how long PINs under the key before are still read; default one hour. */
    overlapMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400_000 })),
    /** A KCV that is not the key's. */
    wrongKcv: Type.Optional(Type.Boolean()),
    /** The 0810 is not heard; the next call says the same again. */
    lost: Type.Optional(Type.Literal('answer')),
  },
  { additionalProperties: false },
);

/** The body of `POST /change-key`. */
export type KeyChange = Static<typeof change>;

export const keyChange = checker(change);

/** Protects the keys that are sent. */
export interface ZoneMasterKey {
  key: Buffer;
  version: KeyBlockVersion;
}

export interface ZoneKeyOptions {
  /** Clear double-length triple DES key that the acquirers begin with. */
  zonePinKey: Buffer;
  zoneMasterKey: ZoneMasterKey;
  /** Keeps a key that was agreed on over a restart. */
  file: string;
  clock: Clock;
  random: Random;
}

interface Offer {
  key: Buffer;
  text: string;
  overlapMs: number;
  isLost: boolean;
}

/**
 * The key shared with the acquirers: PINs are read under it, under one that was offered, and for a while under the
 * last.
 */
export interface ZoneKey extends Pick<PinCipher, 'check'> {
  /** KCV and key block; the same again where it was not answered. `repeat`: it was. */
  offer(change: KeyChange): { text: string; repeat: boolean };
  /** @param code DE39 of the 0810 */
  answered(code: string | undefined): void;
  state(): { kcv: string; isOffered: boolean; refused: number };
}

export function zoneKey({ zonePinKey, zoneMasterKey, file, clock, random }: ZoneKeyOptions): ZoneKey {
  let current = stored(file) ?? zonePinKey;
  let previous: { cipher: PinCipher; until: number } | undefined;
  let cipher = pinCipher(current);
  let offered: (Offer & { cipher: PinCipher }) | undefined;
  let refused = 0;

  return {
    check(block, pin, pan) {
      const last = previous && clock.wall() < previous.until ? previous.cipher : undefined;
      let found: ReturnType<PinCipher['check']> = 'undecipherable';
      for (const each of [cipher, offered?.cipher, last]) {
        if (found === 'undecipherable' && each) found = each.check(block, pin, pan);
      }
      return found;
    },
    offer({ lost, overlapMs = HOUR_MS, wrongKcv = false }) {
      if (offered) {
        offered.isLost = lost === 'answer';
        return { text: offered.text, repeat: true };
      }
      const key = withOddParity(random.bytes(KEY_LENGTH));
      const kcv = wrongKcv ? checkValue(withOddParity(random.bytes(KEY_LENGTH))) : checkValue(key);
      const use = { usage: 'P0', mode: 'B' };
      const block = wrapKey(zoneMasterKey.version, zoneMasterKey.key, use, key, (length) =>
        random.bytes(length),
      );
      offered = { key, text: kcv + block, overlapMs, isLost: lost === 'answer', cipher: pinCipher(key) };
      return { text: offered.text, repeat: false };
    },
    answered(code) {
      if (!offered || offered.isLost) return;
      if (code === ACCEPTED) {
        previous = { cipher, until: clock.wall() + offered.overlapMs };
        ({ key: current, cipher } = offered);
        store(file, current);
      } else refused += 1;
      offered = undefined;
    },
    state: () => ({ kcv: checkValue(current), isOffered: offered !== undefined, refused }),
  };
}

function stored(file: string): Buffer | undefined {
  try {
    const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'hex');
    return key.length === KEY_LENGTH ? key : undefined;
  } catch {
    return undefined;
  }
}

function store(file: string, key: Buffer): void {
  writeFileSync(`${file}.new`, `${key.toString('hex')}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}
