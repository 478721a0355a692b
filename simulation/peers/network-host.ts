import { developmentKey } from '../../hsm/index.ts';
import { type FrameReader, type Message, type visaBase1, withoutRepeat } from '../../messages/index.ts';
import type { Address, Connection, ConnectionHandlers, Sockets } from '../../runtime/index.ts';
import { type PinCipher, pinCipher } from '../../simulators/crypto/pin-block.ts';
import { type Iso87Message, iso87HostDialect } from '../../simulators/iso87/dialect.ts';
import { answerElements } from '../../simulators/network/answer.ts';
import type { HostDialect, HostMessage } from '../../simulators/network/host-dialect.ts';
import type { AuthorisationRequest } from '../../simulators/network/rows.ts';
import {
  understandAdvice,
  understandAuthorisation,
  understandReversal,
} from '../../simulators/network/understand.ts';
import { visaHostDialect } from '../../simulators/visa/dialect.ts';
import type { FaultPlan, NetworkName } from '../faults.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import { SimProcess } from '../world/sim-process.ts';
import type { World } from '../world/world.ts';
import { type Fortune, fortuneUnder, usualFortune } from './fortune.ts';
import {
  type IssuerWord,
  type NetworkDecision,
  NetworkLedger,
  type NetworkRequest,
} from './network-ledger.ts';

export const NETWORK_ADDRESSES: Readonly<Record<NetworkName, Address>> = {
  visa: { host: 'visa', port: 5_001 },
  iso87: { host: 'iso87', port: 5_002 },
};
/** The PIN of every card. */
export const CARD_PIN = '4711';

const MAX_FRAME_BYTES = 4_096;
const NOT_SIGNED_ON = '91';
const APPROVED = '00';
const PARTLY_APPROVED = '10';
const NO_REASON_TO_DECLINE = '85';
const WRONG_PIN = '55';
const DECLINES = ['05', '51', '54', '61'] as const;
/** An amount's last three digits name its purchase, whatever is left of it: parts are taken off in whole thousands. */
const THOUSAND = 1_000;

interface Link {
  readonly connection: Connection;
  readonly reader: FrameReader;
  isSignedOn: boolean;
  /** The switch has given the connection up: what is written now reaches nobody. */
  isGone: boolean;
}

/** An approval that went out, for those who check what became of it. */
export interface SentApproval {
  readonly at: number;
  readonly terminal: string;
  readonly stan: string;
  readonly transmitted: string;
  /** When the switch stops waiting for it. */
  readonly deadline: number;
}

type NetworkMessage = HostMessage & Pick<Iso87Message, 'de12' | 'de13'>;
export type VisaHost = NetworkHost<Message<typeof visaBase1>>;
export type Iso87Host = NetworkHost<Iso87Message>;

export function visaHost(world: World, faults: FaultPlan): VisaHost {
  return new NetworkHost('visa', visaHostDialect, 'ZPK/VISA', world, faults);
}

export function iso87Host(world: World, faults: FaultPlan): Iso87Host {
  return new NetworkHost('iso87', iso87HostDialect, 'ZPK/ISO87', world, faults);
}

/** A network in a dialect, with a ledger of its own, whose answers come, do not come, or come wrong. */
export class NetworkHost<M extends NetworkMessage> {
  readonly name: NetworkName;
  readonly ledger = new NetworkLedger();
  readonly process: SimProcess;
  readonly sent: SentApproval[] = [];
  /** When the switch stops waiting for an answer, by `deadlineKey`: late answers aim at it. */
  readonly deadlines = new Map<string, number>();
  readonly #dialect: HostDialect<M>;
  readonly #pins: PinCipher;
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #faults: FaultPlan;

  constructor(
    name: NetworkName,
    dialect: HostDialect<M>,
    zonePinKey: string,
    world: World,
    faults: FaultPlan,
  ) {
    this.name = name;
    this.#dialect = dialect;
    this.#pins = pinCipher(developmentKey(zonePinKey));
    this.#world = world;
    this.#faults = faults;
    this.#random = world.random.stream(`network ${name}`);
    this.process = new SimProcess(name, world);
  }

  async listen(sockets: Sockets): Promise<void> {
    await sockets.listen(NETWORK_ADDRESSES[this.name], (connection) => this.#accept(connection));
  }

  #accept(connection: Connection): ConnectionHandlers {
    const reader = this.#dialect.framing.reader({ maxFrameBytes: MAX_FRAME_BYTES });
    const link: Link = { connection, reader, isSignedOn: false, isGone: false };
    return {
      onData: (chunk) => link.reader.push(chunk, (body) => this.#frame(link, body)),
      onClose: () => {
        link.isGone = true;
      },
    };
  }

  #frame(link: Link, body: Buffer): void {
    const message = this.#dialect.codec.parse(body);
    const fortune = this.#fortune(message);
    if (fortune.loses === 'request') return;
    const { clock } = this.process;
    clock.after(fortune.actAfterMs, () => {
      const reply = this.#act(link, message);
      if (!reply || fortune.loses === 'answer') return;
      clock.after(fortune.answerAfterMs, () => this.#deliver(link, reply, fortune));
    });
  }

  #act(link: Link, message: M): M | undefined {
    const dialect = this.#dialect;
    const kind = dialect.messageKinds[withoutRepeat(message.mti)];
    if (kind === 'network') {
      if (message.de70 === dialect.signOn) link.isSignedOn = true;
      if (message.de70 === dialect.signOff) link.isSignedOn = false;
      return dialect.managementReply(message, APPROVED);
    }
    const decision = link.isSignedOn ? this.#decide(message) : { code: NOT_SIGNED_ON };
    if (!decision) return undefined;
    this.#world.tell(this.name, () => `${describe(message)} → ${decision.code}`);
    const { de3, mti } = message;
    const asksBalance = mti === '0100' && de3?.startsWith('3') && decision.code === APPROVED;
    const balance = asksBalance ? { ledger: 100_000, available: 90_000 } : undefined;
    return dialect.reply(message, answerElements(message, decision, balance), decision.transactionId);
  }

  #decide(message: M): NetworkDecision | undefined {
    switch (this.#dialect.messageKinds[withoutRepeat(message.mti)]) {
      case 'authorisation': {
        const transactionId = this.#dialect.transactionId(message);
        const { request } = understood(understandAuthorisation(message, nameCard, transactionId));
        const decide = () => this.#issuerWord(message, request);
        return this.ledger.authorise(requestOf(message), request.service, decide);
      }
      case 'advice':
        understood(understandAdvice(message, nameCard, this.#dialect.transactionId(message)));
        return this.ledger.advise(requestOf(message));
      case 'reversal': {
        const { original, remaining = 0 } = understood(understandReversal(message, nameCard)).request;
        return this.ledger.reverse(requestOf(message), original, remaining);
      }
      default:
        return undefined;
    }
  }

  #issuerWord({ de52, de2 }: M, { amount, service }: AuthorisationRequest): IssuerWord {
    const random = this.#random;
    if (de52 && this.#pins.check(de52.reveal(), CARD_PIN, de2?.reveal() ?? '') !== 'right') {
      return { code: WRONG_PIN };
    }
    if (random.chance(0.1)) return { code: random.pick(DECLINES) };
    if (service === 'verification' && random.chance(0.3)) return { code: NO_REASON_TO_DECLINE };
    const mayBePartial = (service === 'debit' || service === 'hold') && amount >= 2 * THOUSAND;
    if (!mayBePartial || !random.chance(0.08)) return { code: APPROVED };
    const thousands = Math.floor(amount / THOUSAND);
    const part = random.integer(thousands) * THOUSAND + (amount % THOUSAND);
    return part > 0 ? { code: PARTLY_APPROVED, amount: part } : { code: APPROVED };
  }

  #deliver(link: Link, reply: M, { spoils }: Fortune): void {
    const { connection } = link;
    const { codec, framing } = this.#dialect;
    if (spoils === 'connection') {
      connection.destroy();
      return;
    }
    if (spoils === 'bytes') {
      connection.write(framing.encode(Buffer.from('16010200000000000000ffff', 'hex')));
      return;
    }
    const frame = framing.encode(codec.pack(spoilt(reply, spoils)));
    if (spoils === 'cut short') {
      connection.write(frame.subarray(0, this.#random.integer(frame.length)));
      connection.destroy();
      return;
    }
    connection.write(frame);
    if (spoils === 'twice') connection.write(frame);
    const isApproval = reply.de39 === APPROVED || reply.de39 === PARTLY_APPROVED;
    const answersRequest = reply.mti === '0110' || reply.mti === '0210';
    const isHeard = !link.isGone && spoils !== 'stan' && spoils !== 'rrn';
    if (isApproval && answersRequest && isHeard) this.#noteApproval(reply);
  }

  #noteApproval(reply: M): void {
    const { de41 = '', de11: stan = '', de7: transmitted = '' } = reply;
    const deadline = this.deadlines.get(deadlineKey(reply)) ?? Number.POSITIVE_INFINITY;
    this.sent.push({ at: this.#world.now, terminal: de41.trimEnd(), stan, transmitted, deadline });
  }

  #fortune(message: M): Fortune {
    const { now } = this.#world;
    const usual = usualFortune(this.#random);
    const grip = this.#faults.network(this.name, now);
    if (!grip || !this.#random.chance(grip.share)) return usual;
    if (grip.kind === 'spoilt' && withoutRepeat(message.mti) === '0800') return usual;
    const deadline = this.deadlines.get(deadlineKey(message));
    const sinceDeadlineMs = deadline === undefined ? undefined : now - deadline;
    return fortuneUnder(grip.kind, usual, sinceDeadlineMs, this.#random);
  }
}

/** What names an authorisation on its link: DE41, DE11, DE7. */
export function deadlineKey({ de41 = '', de11 = '', de7 = '' }: Partial<HostMessage>): string {
  return `${de41.trimEnd()}|${de11}|${de7}`;
}

function nameCard(pan: string) {
  return { masked: '', reference: pan };
}

/** A simulated network is never given less than it needs: what it cannot understand is a defect of the connector. */
function understood<T>(found: T | { missing: string }): Exclude<T, { missing: string }> {
  if (typeof found === 'object' && found !== null && 'missing' in found) {
    throw new Error(`the switch sent a message without ${found.missing}`);
  }
  return found as Exclude<T, { missing: string }>;
}

function requestOf(message: NetworkMessage): NetworkRequest {
  const { de2, de4, de7 = '', de11 = '', de37 = '', de38, de41 = '', de42 = '', de49 = '' } = message;
  const { de12: localTime = '', de13: localDate = '' } = message;
  return {
    terminal: de41.trimEnd(),
    rrn: de37,
    stan: de11,
    time: de7,
    localDate,
    localTime,
    pan: de2?.reveal() ?? '',
    amount: Number(de4),
    currency: de49,
    merchant: de42.trimEnd(),
    ...(de38 !== undefined && { approvalCode: de38 }),
  };
}

function spoilt<M extends HostMessage>(reply: M, spoils: Fortune['spoils']): M {
  if (spoils === 'stan') return { ...reply, de11: nextNumber(reply.de11 ?? '') };
  if (spoils === 'rrn') return { ...reply, de37: nextNumber(reply.de37 ?? '') };
  return reply;
}

function nextNumber(digits: string): string {
  return String((Number(digits) % (10 ** digits.length - 1)) + 1).padStart(digits.length, '0');
}

function describe({ mti, de11, de41, de4, de90, de95 }: HostMessage): string {
  const about = de90 ? ` of ${de41?.trimEnd()}/${de90.stan}` : '';
  const remaining = de95 ? ` down to ${Number(de95.transaction)}` : '';
  return `${mti} ${de41?.trimEnd()}/${de11} ${Number(de4)}${about}${remaining}`;
}
