import { developmentKey } from '../../hsm/index.ts';
import {
  checkValue,
  type KeyBlockVersion,
  withOddParity,
  wrapKey,
} from '../../simulators/crypto/key-block.ts';
import { type PinCipher, pinCipher } from '../../simulators/crypto/pin-block.ts';
import type { HostMessage } from '../../simulators/network/host-dialect.ts';
import type { NetworkMessage } from '../peers/host-messages.ts';
import type { NetworkHost } from '../peers/network-host.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { World } from '../world/world.ts';

const KEY_LENGTH = 16;
const ACCEPTED = '00';
const NOT_VALID = '79';
const ANSWERED_WITHIN_MS = 4_000;
const MOST_CHANGES = 3;
const LAST_MS = 34_000;
const FIRST_STAN = 900_000;
/** What else a network says has numbers behind these. */
const LAST_OF_KEYS = 949_999;

interface Sent {
  readonly key: Buffer;
  readonly text: string;
  readonly isSpoilt: boolean;
}

export interface ZoneKeyOf {
  readonly pinKey: string;
  readonly masterKey: string;
  readonly version: KeyBlockVersion;
  /** The HSM is to make wrong PIN blocks for a while: they are nobody's fault. */
  readonly expectsWrongBlocks: boolean;
}

/**
 * A network that sends new PIN keys in service. It offers one until it hears whether it is taken: an answer may be
 * lost, or a node die over it. PINs come under the key before, under one that it offered, or under the one agreed on; a
 * block under none of them means that the switch uses a key that nobody agreed on.
 */
export class ZoneKeySender<M extends NetworkMessage> implements Pick<PinCipher, 'check'> {
  readonly #host: NetworkHost<M>;
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #of: ZoneKeyOf;
  readonly #ciphers: PinCipher[];
  #offered: Sent | undefined;
  #stan = 0;
  #left = 0;
  #losesAnswers = 0;

  constructor(host: NetworkHost<M>, world: World, of: ZoneKeyOf) {
    this.#host = host;
    this.#world = world;
    this.#of = of;
    this.#random = world.random.stream(`zone key ${host.name}`);
    this.#ciphers = [pinCipher(developmentKey(of.pinKey))];
    host.readsPinsWith(this, (reply) => this.#answered(reply));
  }

  /** Nothing is offered that was not answered. */
  get isOver(): boolean {
    return this.#left === 0 && this.#offered === undefined;
  }

  schedule(): void {
    const { scheduler } = this.#world;
    this.#left = this.#random.integer(MOST_CHANGES + 1);
    for (let change = this.#left; change > 0; change -= 1) {
      scheduler.after(this.#random.between(500, LAST_MS), 'zone key', () => {
        this.#left -= 1;
        this.#losesAnswers = this.#random.integer(3);
        this.#offered ??= this.#make();
        this.#offer();
      });
    }
  }

  check(block: Uint8Array, pin: string, pan: string): ReturnType<PinCipher['check']> {
    const found = this.#ciphers.map((cipher) => cipher.check(block, pin, pan));
    const known = found.find((each) => each === 'right') ?? found.find((each) => each === 'wrong');
    if (known) return known;
    if (!this.#of.expectsWrongBlocks) {
      this.#world.violate('I1 agreement', `${this.#host.name} got a PIN under a key that nobody agreed on`);
    }
    return 'undecipherable';
  }

  #make(): Sent {
    const { masterKey, version } = this.#of;
    const random = this.#random;
    const key = withOddParity(random.bytes(KEY_LENGTH));
    const isSpoilt = random.chance(0.15);
    const isOfAnotherUse = isSpoilt && random.chance(0.5);
    const isFalse = isSpoilt && !isOfAnotherUse;
    const kcv = checkValue(isFalse ? withOddParity(random.bytes(KEY_LENGTH)) : key);
    const use = isOfAnotherUse ? { usage: 'M3', mode: 'C' } : { usage: 'P0', mode: 'B' };
    const block = wrapKey(version, developmentKey(masterKey), use, key, (length) => random.bytes(length));
    if (!isSpoilt) this.#ciphers.unshift(pinCipher(key));
    return { key, text: kcv + block, isSpoilt };
  }

  /** Over and over until it is answered. */
  #offer(): void {
    const offered = this.#offered;
    if (!offered) return;
    this.#stan += 1;
    const isSent = this.#host.says(this.#numbered, { key: offered.text });
    if (isSent) this.#world.tell(this.#host.name, () => '→ offers a PIN key');
    this.#host.process.clock.after(ANSWERED_WITHIN_MS * this.#random.between(0.8, 1.5), () => {
      if (this.#offered === offered) this.#offer();
    });
  }

  get #numbered(): string {
    return String(FIRST_STAN + this.#stan);
  }

  #answered({ de11, de39 }: HostMessage): void {
    const offered = this.#offered;
    if (!offered || de11 === undefined || Number(de11) > LAST_OF_KEYS) return;
    if (this.#losesAnswers > 0) {
      this.#losesAnswers -= 1;
      this.#world.sometimes('keys: offered again');
      return;
    }
    this.#world.tell(this.#host.name, () => `← ${de39} for the PIN key`);
    if (offered.isSpoilt && de39 === ACCEPTED) {
      this.#world.violate(
        'I10 fail closed',
        `${this.#host.name} was told 00 for a key that is not what it is said to be`,
      );
    }
    if (de39 === ACCEPTED) this.#world.sometimes('keys: zone key changed');
    else if (de39 === NOT_VALID) this.#world.sometimes('keys: zone key refused');
    // Whoever could not say is asked again; what is not valid is given up.
    if (de39 === ACCEPTED || de39 === NOT_VALID) this.#offered = undefined;
  }
}
