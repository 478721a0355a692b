import { developmentKey } from '../../hsm/index.ts';
import { checkValue, unwrapKey } from '../../simulators/crypto/key-block.ts';
import { pinCipher } from '../../simulators/crypto/pin-block.ts';
import { retailMac } from '../../simulators/crypto/retail-mac.ts';
import { givenKeys } from '../../simulators/terminal/installed-keys.ts';
import { envelope } from '../peers/messages.ts';
import { Patience } from '../peers/patience.ts';
import type { Dialogue, Terminal } from '../peers/terminal.ts';
import type { TerminalKeys, TerminalMessage } from '../peers/terminal-dialects.ts';
import type { SeededRandom } from '../world/seeded-random.ts';

const ACCEPTED = '00';
const OTHER_KEYS = '79';
const CONFIRMED_WITHIN_MS = 12_000;
const OTHERS = '0'.repeat(12);

interface Given {
  readonly keys: TerminalKeys;
  readonly computed: string;
}

/** How it goes this time. */
interface Course {
  /** Answers that it does not hear. */
  losesAnswers: number;
  /** It says that it got others than it was told of. */
  readonly isMistaken: boolean;
  /** It says nothing: its first message under the new keys does. */
  readonly isTacit: boolean;
}

/**
 * A terminal gets new keys: it asks until it is given some, opens them with its master key, and says under the new ones
 * what they are. What it says is repeated until it is answered; where nobody answers it asks for keys anew.
 */
export class KeyChanger implements Dialogue {
  readonly #terminal: Terminal;
  readonly #random: SeededRandom;
  readonly #masterKey: string;
  readonly #whenOver: () => void;
  readonly #course: Course;
  #patience: Patience;
  #saying: TerminalMessage | undefined;
  #before: TerminalKeys | undefined;
  #given: Given | undefined;
  #confirmingSince = 0;

  constructor(
    terminal: Terminal,
    masterKey: string,
    random: SeededRandom,
    { mayBeTacit, whenOver }: { readonly mayBeTacit: boolean; readonly whenOver: () => void },
  ) {
    this.#terminal = terminal;
    this.#masterKey = masterKey;
    this.#random = random;
    this.#whenOver = whenOver;
    this.#patience = this.#newPatience();
    const isMistaken = random.chance(0.15);
    const isTacit = mayBeTacit && !isMistaken && random.chance(0.3);
    this.#course = { losesAnswers: random.integer(3), isMistaken, isTacit };
  }

  begin(): void {
    this.#given = undefined;
    this.#before = this.#terminal.keys;
    this.#say(this.#words('101', '920000'));
  }

  answered(reply: TerminalMessage, isTrusted: boolean): void {
    const { world, settings } = this.#terminal;
    const isConfirming = this.#given !== undefined;
    world.tell(
      settings.id,
      () => `← ${reply.de39} for ${isConfirming ? 'its word on' : 'its wish for'} keys`,
    );
    if (!this.#patience.isWaiting || reply.de11 !== this.#saying?.de11) return;
    if (this.#course.losesAnswers > 0) {
      this.#course.losesAnswers -= 1;
      world.sometimes('keys: terminal asked again');
      return;
    }
    if (isConfirming) this.#confirmed(reply, isTrusted);
    else this.#gotKeys(reply);
  }

  cutOff(): void {
    this.#patience.later();
  }

  #gotKeys({ de39, de62 }: TerminalMessage): void {
    const { world, settings } = this.#terminal;
    if (de39 !== ACCEPTED || de62 === undefined) {
      this.#patience.later();
      return;
    }

    this.#patience.end();
    const given = this.#opened(de62);
    if (!given) {
      world.violate('I10 fail closed', `${settings.id} was given keys that are not what it is told they are`);
      this.#whenOver();
      return;
    }

    this.#given = given;
    const { isMistaken, isTacit } = this.#course;
    if (!isMistaken) this.#terminal.changeKeys(given.keys);
    if (isTacit) {
      world.sometimes('keys: terminal changed tacitly');
      this.#whenOver();
      return;
    }

    this.#confirmingSince = world.now;
    const said = isMistaken ? OTHERS : given.computed;
    this.#say({ ...this.#words('102', '930000'), de62: said });
  }

  #confirmed({ de39 }: TerminalMessage, isTrusted: boolean): void {
    const { world, settings } = this.#terminal;
    const { isMistaken } = this.#course;
    const isAccepted = de39 === ACCEPTED && (isTrusted || settings.expectsWrongSeals);
    const isRefused = de39 === OTHER_KEYS && isMistaken;
    if (!isAccepted && !isRefused) {
      this.#patience.later();
      return;
    }

    if (isAccepted && isMistaken) {
      world.violate('I10 fail closed', `${settings.id} was told 00 for keys that it does not have`);
    }
    world.sometimes(isRefused ? 'keys: terminal refused' : 'keys: terminal changed');
    this.#patience.end();
    this.#whenOver();
  }

  #again(): void {
    const { world } = this.#terminal;
    const isVain = this.#given && world.now - this.#confirmingSince > CONFIRMED_WITHIN_MS;
    if (!isVain) {
      this.#send();
      return;
    }

    if (this.#before) this.#terminal.changeKeys(this.#before);
    this.#patience.end();
    this.#patience = this.#newPatience();
    this.begin();
  }

  #say(message: TerminalMessage): void {
    this.#saying = message;
    this.#terminal.expect(message, this);
    this.#send();
  }

  #send(): void {
    const { world, settings } = this.#terminal;
    if (!this.#saying) return;
    world.tell(settings.id, () => `→ ${this.#given ? 'says which keys it has' : 'asks for keys'}`);
    this.#patience.begin();
    this.#terminal.send(this.#saying, this);
  }

  #words(code: string, processing: string): TerminalMessage {
    const { settings } = this.#terminal;
    const { de12: _time, de13: _date, ...words } = envelope(this.#terminal);
    const how = settings.listener.dialect === 'pos-bcd' ? { de3: processing } : { de70: code };
    return { mti: '0800', ...words, ...how };
  }

  #opened(de62: string): Given | undefined {
    const { blocks, told } = givenKeys(de62);
    const master = developmentKey(this.#masterKey);
    const pin = unwrapKey(master, blocks.pin).key;
    const mac = unwrapKey(master, blocks.mac).key;
    if (checkValue(pin) !== told.pin || checkValue(mac) !== told.mac) return undefined;
    const keys = { pins: pinCipher(pin), mac: retailMac(mac) };
    return { keys, computed: told.pin + told.mac };
  }

  #newPatience(): Patience {
    const random = this.#random.stream('patience');
    return new Patience(this.#terminal, random, random.between(2_500, 5_000), () => this.#again());
  }
}
