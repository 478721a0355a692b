import { developmentKey } from '../../../hsm/index.ts';
import {
  compile,
  type FrameReader,
  framing,
  type Message,
  responseMti,
  visaBase1,
  visaReplyHeader,
  withoutRepeat,
} from '../../../messages/index.ts';
import type { Connection, ConnectionHandlers, Sockets } from '../../../runtime/index.ts';
import { pinCipher } from '../../../simulators/crypto/pin-block.ts';
import type { FaultPlan } from '../faults.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import { SimProcess } from '../world/sim-process.ts';
import type { World } from '../world/world.ts';
import { type NetworkDecision, NetworkLedger, type NetworkRequest } from './network-ledger.ts';

type VisaMessage = Message<typeof visaBase1>;

export const NETWORK_ADDRESS = { host: 'network', port: 5_001 };
/** The PIN of every card. */
export const CARD_PIN = '4711';

const codec = compile(visaBase1);
const frames = framing('visa');
const pins = pinCipher(developmentKey('ZPK/VISA'));
const SIGN_ON = '071';
const DECLINES = ['05', '51', '54', '61'] as const;

interface Link {
  readonly connection: Connection;
  readonly reader: FrameReader;
  isSignedOn: boolean;
}

/** How one message fares: when the host acts on it, when it answers, and what becomes of the answer. */
interface Fortune {
  readonly actAfterMs: number;
  readonly answerAfterMs: number;
  readonly loses?: 'request' | 'answer';
  readonly spoils?: 'stan' | 'bytes' | 'twice' | 'connection';
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

/** A network of Visa's profile with a ledger of its own, whose answers come, do not come, or come wrong. */
export class NetworkHost {
  readonly ledger = new NetworkLedger();
  readonly process: SimProcess;
  readonly sent: SentApproval[] = [];
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #faults: FaultPlan;
  /** When the switch stops waiting for an answer, by `terminal|stan`: late answers aim at it. */
  readonly deadlines = new Map<string, number>();

  constructor(world: World, faults: FaultPlan) {
    this.#world = world;
    this.#faults = faults;
    this.#random = world.random.stream('network host');
    this.process = new SimProcess('network', world);
  }

  async listen(sockets: Sockets): Promise<void> {
    await sockets.listen(NETWORK_ADDRESS, (connection) => this.#accept(connection));
  }

  #accept(connection: Connection): ConnectionHandlers {
    const link: Link = { connection, reader: frames.reader({ maxFrameBytes: 4_096 }), isSignedOn: false };
    return {
      onData: (chunk) => link.reader.push(chunk, (body) => this.#frame(link, body)),
      onClose() {},
    };
  }

  #frame(link: Link, body: Buffer): void {
    const message = codec.parse(body);
    const mti = withoutRepeat(message.mti);
    const fortune = this.#fortune(message, mti);
    if (fortune.loses === 'request') return;
    const { clock } = this.process;
    clock.after(fortune.actAfterMs, () => {
      const reply = this.#act(link, message, mti);
      if (!reply || fortune.loses === 'answer') return;
      clock.after(fortune.answerAfterMs, () => this.#deliver(link, reply, fortune));
    });
  }

  #act(link: Link, message: VisaMessage, mti: string): VisaMessage | undefined {
    if (mti === '0800') {
      if (message.de70 === SIGN_ON) link.isSignedOn = true;
      return { ...echoed(message), de39: '00' };
    }
    if (!link.isSignedOn) return { ...echoed(message), de39: '91' };
    const request = requestOf(message);
    if (mti === '0100') {
      const decision = this.ledger.authorise(request, () => this.#decide(message, request));
      this.#world.tell('network', () => `${message.mti} ${describe(request)} → ${decision.code}`);
      return this.#answer(message, decision);
    }
    if (mti === '0120') {
      this.#world.tell('network', () => `${message.mti} ${describe(request)}`);
      return this.#answer(message, this.ledger.advise(request));
    }
    if (mti === '0400' && message.de90) {
      const { stan, transmission: transmitted } = message.de90;
      const decision = this.ledger.reverse(request, { stan, transmitted });
      this.#world.tell('network', () => `${message.mti} of ${describe(request)} → ${decision.code}`);
      return this.#answer(message, decision);
    }
    return undefined;
  }

  /** What the issuer says depends on the purchase alone, not on when it comes. */
  #decide(message: VisaMessage, { pan, amount }: NetworkRequest): { code: string; approved: number } {
    if (message.de52 && pins.check(message.de52.reveal(), CARD_PIN, pan) !== 'right') {
      return { code: '55', approved: 0 };
    }
    if (this.#random.chance(0.12)) return { code: this.#random.pick(DECLINES), approved: 0 };
    return { code: '00', approved: amount };
  }

  #answer(message: VisaMessage, decision: NetworkDecision): VisaMessage {
    const { code, approvalCode, reference, partialAmount } = decision;
    return {
      ...echoed(message),
      de39: code,
      ...(approvalCode !== undefined && { de38: approvalCode }),
      ...(reference !== undefined && { de62: { ...message.de62, sf2: reference } }),
      ...(partialAmount !== undefined && { de4: String(partialAmount).padStart(12, '0') }),
    };
  }

  #deliver(link: Link, reply: VisaMessage, { spoils }: Fortune): void {
    const { connection } = link;
    if (spoils === 'connection') connection.destroy();
    else if (spoils === 'bytes')
      connection.write(frames.encode(Buffer.from('16010200000000000000ffff', 'hex')));
    if (spoils === 'connection' || spoils === 'bytes') return;
    const spoilt = spoils === 'stan' ? { ...reply, de11: stanAfter(reply.de11 ?? '') } : reply;
    const frame = frames.encode(codec.pack(spoilt));
    connection.write(frame);
    if (spoils === 'twice') connection.write(frame);
    if (spoils !== 'stan' && reply.mti === '0110' && reply.de39 === '00') this.#noteApproval(reply);
  }

  #noteApproval({ de41: terminal = '', de11: stan = '', de7: transmitted = '' }: VisaMessage): void {
    const name = terminal.trimEnd();
    const deadline = this.deadlines.get(`${name}|${stan}`) ?? Number.POSITIVE_INFINITY;
    this.sent.push({ at: this.#world.now, terminal: name, stan, transmitted, deadline });
  }

  #fortune(message: VisaMessage, mti: string): Fortune {
    const random = this.#random;
    const usual = { actAfterMs: random.between(0.5, 15), answerAfterMs: random.between(0.5, 25) };
    const grip = this.#faults.network(this.#world.now);
    if (!grip || !random.chance(grip.share)) return usual;
    switch (grip.kind) {
      case 'silent':
        return { ...usual, loses: random.chance(0.5) ? 'request' : 'answer' };
      case 'slow':
        return { ...usual, answerAfterMs: random.between(200, 4_000) };
      case 'slow-to-act':
        return { ...usual, actAfterMs: random.between(500, 8_000) };
      case 'at-the-deadline':
        return { ...usual, answerAfterMs: this.#aroundDeadline(message, usual.actAfterMs) };
      case 'spoilt':
        if (mti === '0800') return usual;
        return { ...usual, spoils: random.pick(['stan', 'bytes', 'twice', 'connection'] as const) };
    }
  }

  /** Aims an answer at the moment in which the switch gives up: a millisecond before, after, or just then. */
  #aroundDeadline({ de41, de11 }: VisaMessage, actAfterMs: number): number {
    const deadline = this.deadlines.get(`${de41?.trimEnd()}|${de11}`);
    if (deadline === undefined) return 10;
    const aim = this.#random.pick([-1, -0.5, -0.001, 0, 0.001, 0.5, 1] as const);
    const journeyMs = this.#random.between(0.05, 2);
    return Math.max(0, deadline + aim - journeyMs - this.#world.now - actAfterMs);
  }
}

function requestOf(message: VisaMessage): NetworkRequest {
  const { de2, de4, de7, de11, de12, de13, de37, de41, de42, de49 } = message;
  return {
    terminal: (de41 ?? '').trimEnd(),
    rrn: de37 ?? '',
    stan: de11 ?? '',
    transmitted: de7 ?? '',
    pan: de2?.reveal() ?? '',
    amount: Number(de4),
    currency: de49 ?? '',
    merchant: (de42 ?? '').trimEnd(),
    localTime: `${de13}${de12}`,
  };
}

function echoed(message: VisaMessage): VisaMessage {
  const { header, de2, de3, de4, de7, de11, de19, de25, de32, de37, de41, de42, de49, de62, de63, de70 } =
    message;
  const fields = { de2, de3, de4, de7, de11, de19, de25, de32, de37, de41, de42, de49, de62, de63, de70 };
  return { mti: responseMti(message.mti), header: visaReplyHeader(header), ...fields };
}

function stanAfter(stan: string): string {
  return String((Number(stan) % 999_999) + 1).padStart(6, '0');
}

function describe({ terminal, stan, amount }: NetworkRequest): string {
  return `${terminal}/${stan} ${amount}`;
}
