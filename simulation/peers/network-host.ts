import { developmentKey } from '../../hsm/index.ts';
import { type FrameReader, withoutRepeat } from '../../messages/index.ts';
import type { Connection, ConnectionHandlers, Sockets } from '../../runtime/index.ts';
import { type PinCipher, pinCipher } from '../../simulators/crypto/pin-block.ts';
import { answerElements } from '../../simulators/network/answer.ts';
import type { HostDialect } from '../../simulators/network/host-dialect.ts';
import type { AuthorisationRequest } from '../../simulators/network/rows.ts';
import {
  understandAdvice,
  understandAuthorisation,
  understandReversal,
} from '../../simulators/network/understand.ts';
import type { FaultPlan, HostName } from '../faults.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import { SimProcess } from '../world/sim-process.ts';
import type { World } from '../world/world.ts';
import { type Fortune, fortuneUnder, usualFortune } from './fortune.ts';
import type { Asked, HabitOfNetworks } from './habits/habit.ts';
import {
  isApprovalCode,
  isRequestAnswer,
  type NetworkMessage,
  nameCard,
  requestOf,
  spoilt,
  understood,
} from './host-messages.ts';
import type { HeardReversal, HostManners, OwnWord, SentApproval } from './host-records.ts';
import { APPROVED, pinIsWrong, usualWord, WRONG_PIN_WORD } from './issuer.ts';
import { withLetters } from './letters.ts';
import { deadlineKey } from './names.ts';
import { NETWORK_ADDRESSES } from './network-addresses.ts';
import {
  type IssuerWord,
  type NetworkDecision,
  NetworkLedger,
  type ReversalManners,
} from './network-ledger.ts';
import { describe, missed, partWords } from './network-words.ts';
import { COMPARES } from './reversal-data.ts';
import { SwappedAnswers } from './swapped-answers.ts';
import { momentOf } from './terminal-dialects.ts';

const MAX_FRAME_BYTES = 4_096;
const NOT_SIGNED_ON = '91';
const WAIT = '09';
const THOUSAND = 1_000;
/** Whoever acts later than this answers over another session, if need be. */
const MINUTES_MS = 60_000;
const LOOK_AGAIN_MS = 1_000;

interface Link {
  readonly connection: Connection;
  readonly reader: FrameReader;
  isSignedOn: boolean;
  /** The switch has given the connection up: what is written now reaches nobody. */
  isGone: boolean;
}

/** A network in a dialect, with a ledger of its own, whose answers come, do not come, or come wrong. */
export class NetworkHost<M extends NetworkMessage> {
  readonly name: HostName;
  readonly ledger = new NetworkLedger();
  readonly process: SimProcess;
  readonly sent: SentApproval[] = [];
  /** Reversals as they were heard, for those who check what they say. */
  readonly reversals: HeardReversal[] = [];
  /** What the switch did not ask for a fault of its own, by `nameOfRequest`: nobody was away. */
  readonly notAsked = new Set<string>();
  /** When the switch stops waiting for an answer, by `deadlineKey`: late answers aim at it. */
  readonly deadlines = new Map<string, number>();
  readonly #dialect: HostDialect<M>;
  #pins: Pick<PinCipher, 'check'>;
  #keyAnswered: ((reply: M) => void) | undefined;
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #faults: FaultPlan;
  readonly #habits: readonly HabitOfNetworks[];
  /** How often each message was heard, by what names it. */
  readonly #heard = new Map<string, number>();
  readonly #reversed = new Set<string>();
  /** What it was told, reversals and advices, by their own numbers: what comes again is marked as a repeat. */
  readonly #told = new Set<string>();
  readonly #swaps: SwappedAnswers<M>;
  readonly #links = new Set<Link>();
  /** Messages that it has heard and not acted on, or not answered. */
  #toDo = 0;

  constructor(
    name: HostName,
    dialect: HostDialect<M>,
    zonePinKey: string,
    world: World,
    { faults, habits }: HostManners,
  ) {
    this.name = name;
    this.#dialect = dialect;
    this.#pins = pinCipher(developmentKey(zonePinKey));
    this.#world = world;
    this.#faults = faults;
    this.#habits = habits;
    this.#random = world.random.stream(`network ${name}`);
    this.process = new SimProcess(name, world);
    this.#swaps = new SwappedAnswers(world, name, (ms, done) => this.#after(ms, done));
  }

  /** Nothing that it heard is still to be acted on, or answered. */
  get isIdle(): boolean {
    return this.#toDo === 0;
  }

  async listen(sockets: Sockets): Promise<void> {
    await sockets.listen(NETWORK_ADDRESSES[this.name], (connection) => this.#accept(connection));
  }

  /** Its PIN keys change: who knows them, and hears what is said to a new one. */
  readsPinsWith(pins: Pick<PinCipher, 'check'>, keyAnswered: (reply: M) => void): void {
    this.#pins = pins;
    this.#keyAnswered = keyAnswered;
  }

  /** An 0800 of its own over one of its sessions, a key where nothing else is said. @returns whether there is one */
  says(stan: string, { code, key, mti }: OwnWord): boolean {
    const open = [...this.#links].filter(({ isSignedOn, isGone }) => isSignedOn && !isGone);
    const link = open[this.#random.stream(`key ${stan}`).integer(Math.max(1, open.length))];
    if (!link) return false;
    const { de7 } = momentOf(this.process.clock, 0, 0);
    const { codec, framing, keyExchange } = this.#dialect;
    const request = this.#dialect.managementRequest(code ?? keyExchange, stan, de7, key);
    link.connection.write(framing.encode(codec.pack(mti === undefined ? request : { ...request, mti })));
    return true;
  }

  #accept(connection: Connection): ConnectionHandlers {
    const reader = this.#dialect.framing.reader({ maxFrameBytes: MAX_FRAME_BYTES });
    const link: Link = { connection, reader, isSignedOn: false, isGone: false };
    this.#links.add(link);
    return {
      onData: (chunk) => link.reader.push(chunk, (body) => this.#frame(link, body)),
      onClose: () => {
        this.#links.delete(link);
        link.isGone = true;
      },
    };
  }

  #frame(link: Link, body: Buffer): void {
    const message = this.#dialect.codec.parse(body);
    const random = this.#chanceOf(message);
    const fortune = this.#fortune(message, random);
    if (fortune.loses === 'request') {
      this.#world.tell(this.name, () => `← ${describe(message)}: not heard`);
      return;
    }
    // When it is heard: what it acts on late may be behind its own repeat.
    const kind = this.#dialect.messageKinds[withoutRepeat(message.mti)];
    if (kind === 'advice' || kind === 'reversal') this.#noteTelling(message, kind);
    this.#after(fortune.actAfterMs, () => {
      const reply = this.#act(link, message, random, missed(fortune));
      if (!reply || fortune.loses === 'answer') return;
      const { announcedMs, isSwapped = false } = fortune;
      if (announcedMs !== undefined && isApprovalCode(reply.de39)) {
        const { de38: _, ...wait } = { ...reply, de39: WAIT };
        this.#after(fortune.answerAfterMs, () => this.#deliver(link, wait as M, {}, random));
      }
      this.#after(fortune.answerAfterMs + (announcedMs ?? 0), () =>
        fortune.actAfterMs > MINUTES_MS
          ? this.#deliverLate(link, reply, random)
          : this.#swaps.send(reply, isSwapped, (given) => this.#deliver(link, given, fortune, random)),
      );
    });
  }

  /** Until it is done the network is not idle. */
  #after(ms: number, done: () => void): void {
    this.#toDo += 1;
    this.process.clock.after(ms, () => {
      this.#toDo -= 1;
      done();
    });
  }

  /** A stream for each message, named by what does not change where other payments are left out of a run. */
  #chanceOf({ mti, de41, de4 = '', de90 }: M): SeededRandom {
    const name = `${mti} ${de41?.trimEnd()} ${de4} ${de90?.mti ?? ''}`;
    const times = (this.#heard.get(name) ?? 0) + 1;
    this.#heard.set(name, times);
    return this.#random.stream(`${name} ${times}`);
  }

  #act(link: Link, message: M, random: SeededRandom, but: string): M | undefined {
    const dialect = this.#dialect;
    const kind = dialect.messageKinds[withoutRepeat(message.mti)];
    if (kind === 'network') {
      if (message.mti === '0810') {
        this.#keyAnswered?.(message);
        return undefined;
      }
      if (message.de70 === dialect.signOn) link.isSignedOn = true;
      if (message.de70 === dialect.signOff) link.isSignedOn = false;
      return dialect.managementReply(message, APPROVED);
    }
    const decision = link.isSignedOn ? this.#decide(message, random) : { code: NOT_SIGNED_ON };
    if (!decision) return undefined;
    this.#world.tell(
      this.name,
      () => `← ${describe(message)}: ${decision.code}${partWords(decision)}${but}`,
      () => this.ledger.words(Number(message.de4) % THOUSAND),
    );
    const { de3, mti } = message;
    const asksBalance = mti === '0100' && de3?.startsWith('3') && decision.code === APPROVED;
    const balance = asksBalance ? { ledger: 100_000, available: 90_000 } : undefined;
    return dialect.reply(message, answerElements(message, decision, balance), decision.transactionId);
  }

  #decide(message: M, random: SeededRandom): NetworkDecision | undefined {
    switch (this.#dialect.messageKinds[withoutRepeat(message.mti)]) {
      case 'authorisation': {
        const transactionId = this.#dialect.transactionId(message);
        const { request } = understood(understandAuthorisation(message, nameCard, transactionId));
        const decide = () => this.#issuerWord(message, request, random);
        return this.ledger.authorise(requestOf(message), request.service, decide);
      }
      case 'advice': {
        understood(understandAdvice(message, nameCard, this.#dialect.transactionId(message)));
        const part = this.#dialect.completionPart(message);
        const refusal = this.#firstWord(message, random, 'refuses', false);
        const processing = message.de3?.slice(0, 2) ?? '';
        if (refusal === undefined) return this.ledger.advise(requestOf(message), processing, part);
        this.#world.sometimes(`habit ${refusal.name}`);
        return { code: refusal.word };
      }
      case 'reversal':
        return this.#reverse(message, random);
      default:
        return undefined;
    }
  }

  #reverse(message: M, random: SeededRandom): NetworkDecision {
    this.#noteReversal(message);
    const { original, remaining = 0 } = understood(understandReversal(message, nameCard)).request;
    // By its own numbers: another reversal of the same payment was not heard before.
    const own = `${message.de11} ${message.de7}`;
    const name = `${message.de41} ${original.stan} ${original.time} ${own} ${remaining}`;
    const isKnown = this.#reversed.has(name);
    const refusal = this.#firstWord(message, random, 'refuses', isKnown);
    const notFound = this.#firstWord(message, random, 'forgets', isKnown);
    const transactionId = this.#dialect.transactionId(message);
    const request = { ...requestOf(message), transactionId };
    const words = { refusal: refusal?.word, notFound: notFound?.word };
    const manners: ReversalManners = { ...words, ...COMPARES[this.name] };
    const decision = this.ledger.reverse(request, original, remaining, manners);
    if (decision.code === APPROVED) this.#reversed.add(name);
    else if (decision.code === refusal?.word) this.#world.sometimes(`habit ${refusal.name}`);
    else if (decision.code === notFound?.word) this.#world.sometimes(`habit ${notFound.name}`);
    return decision;
  }

  #issuerWord(message: M, request: AuthorisationRequest, random: SeededRandom): IssuerWord {
    if (pinIsWrong(message, this.#pins)) return WRONG_PIN_WORD;
    const asked = this.#asked(message, false);
    for (const { name, network } of this.#habits) {
      const word = network.decides?.(asked, random.stream(name));
      if (word) this.#world.sometimes(`habit ${name}`);
      if (word) return word;
    }
    return usualWord(request, random);
  }

  #firstWord(
    message: M,
    random: SeededRandom,
    hook: 'refuses' | 'forgets',
    isKnown: boolean,
  ): { readonly name: string; readonly word: string } | undefined {
    const asked = this.#asked(message, isKnown);
    for (const { name, network } of this.#habits) {
      const word = network[hook]?.(asked, random.stream(name));
      if (word !== undefined) return { name, word };
    }
    return undefined;
  }

  #asked(message: M, isKnown: boolean): Asked {
    return { network: this.name, message, isKnown, now: this.#world.now };
  }

  /** What is answered minutes later goes over whichever session there is by then. */
  #deliverLate(link: Link, given: M, random: SeededRandom): void {
    const open = [...this.#links].findLast(({ isSignedOn }) => isSignedOn);
    if (open) this.#deliver(open, given, {}, random);
    else this.#after(LOOK_AGAIN_MS, () => this.#deliverLate(link, given, random));
  }

  #deliver(link: Link, given: M, { spoils }: Pick<Fortune, 'spoils'>, random: SeededRandom): void {
    const { connection } = link;
    const { codec, framing } = this.#dialect;
    const reply = this.#asItLeaves(given, random);
    if (spoils === 'connection') {
      connection.destroy();
      return;
    }
    if (spoils === 'bytes') {
      connection.write(framing.encode(Buffer.from('16010200000000000000ffff', 'hex')));
      return;
    }
    const frame = framing.encode(withLetters(codec.pack(spoilt(reply, spoils))));
    if (spoils === 'cut short') {
      connection.write(frame.subarray(0, random.integer(frame.length)));
      connection.destroy();
      return;
    }
    connection.write(frame);
    if (spoils === 'twice') connection.write(frame);
    const isHeard = !link.isGone && spoils !== 'stan' && spoils !== 'rrn';
    // An approval has an approval code, whatever its network calls it.
    if (given.de38 !== undefined && isRequestAnswer(given) && isHeard) this.#noteApproval(given);
  }

  #asItLeaves(reply: M, random: SeededRandom): M {
    const asked = this.#asked(reply, false);
    return this.#byHabit(
      reply,
      ({ name, network }, left) => network.answers?.(left, asked, random.stream(name)) as M | undefined,
    );
  }

  #byHabit<T>(usual: T, change: (habit: HabitOfNetworks, so: T) => T | undefined): T {
    return this.#habits.reduce((so, habit) => {
      const changed = change(habit, so) ?? so;
      if (changed !== so) this.#world.sometimes(`habit ${habit.name}`);
      return changed;
    }, usual);
  }

  /** Whoever sends again what may have been heard says so: many networks make two effects of two messages. */
  #noteTelling({ mti, de11, de7, de37 = '', de41 = '', de4, de95 }: M, what: string): void {
    const name = `${what} ${de41} ${de37} ${de11} ${de7} ${de4} ${JSON.stringify(de95)}`;
    if (this.#told.has(name) && withoutRepeat(mti) === mti) {
      this.#world.violate(
        'I3 one effect',
        `${this.name} heard ${what} ${de41} ${de4} again, unmarked (${mti})`,
      );
    }
    this.#told.add(name);
  }

  #noteReversal({ de41 = '', de4 }: M): void {
    const minorUnits = Number(de4);
    const number = minorUnits % THOUSAND;
    this.reversals.push({ at: this.#world.now, terminal: de41.trimEnd(), number, minorUnits });
  }

  #noteApproval(reply: M): void {
    const { de41 = '', de4 } = reply;
    const deadline = this.deadlines.get(deadlineKey(reply)) ?? Number.POSITIVE_INFINITY;
    this.sent.push({
      at: this.#world.now,
      terminal: de41.trimEnd(),
      number: Number(de4) % THOUSAND,
      deadline,
    });
  }

  #fortune(message: M, random: SeededRandom): Fortune {
    const asked = this.#asked(message, false);
    const usual = this.#byHabit(usualFortune(random), ({ name, network }, left) =>
      network.fares?.(left, asked, random.stream(name)),
    );
    const fortune = this.#underFaults(usual, message, random);
    // Of what is done when all have given it up, and never answered, nobody hears before the clearing.
    const { loses, ...heard } = fortune;
    return fortune.actAfterMs > MINUTES_MS && loses === 'answer' ? heard : fortune;
  }

  #underFaults(usual: Fortune, message: M, random: SeededRandom): Fortune {
    const { now } = this.#world;
    const grip = this.#faults.network(this.name, now);
    if (!grip || !random.chance(grip.share)) return usual;
    if (grip.kind === 'spoilt' && withoutRepeat(message.mti) === '0800') return usual;
    const deadline = this.deadlines.get(deadlineKey(message));
    const sinceDeadlineMs = deadline === undefined ? undefined : now - deadline;
    return fortuneUnder(grip.kind, usual, sinceDeadlineMs, random);
  }
}
