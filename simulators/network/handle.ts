import { isRequest, type PinBlock, withoutRepeat } from '../../messages/index.ts';
import type { Clock, Log } from '../../runtime/index.ts';
import type { CardReference } from '../common/card.ts';
import type { ScenarioBook } from '../common/scenario.ts';
import { type Answer, answerElements } from './answer.ts';
import { type IssuerWord, type NetworkBook, SPENDS } from './book.ts';
import { conduct } from './conduct.ts';
import type { HostDialect, HostMessage } from './host-dialect.ts';
import type { HostLink } from './link.ts';
import { PinTries } from './pin-tries.ts';
import type { AdviceRequest, AuthorisationRequest, ReversalRequest } from './rows.ts';
import type { NetworkMessageKind, NetworkScenario } from './scenario.ts';
import {
  type Understood,
  understandAdvice,
  understandAuthorisation,
  understandReversal,
} from './understand.ts';
import type { ZoneKey } from './zone-key.ts';

/** DE39. */
const code = {
  approved: '00',
  partiallyApproved: '10',
  invalidTransaction: '12',
  format: '30',
  wrongPin: '55',
  pinTriesUsedUp: '75',
  pinNotDeciphered: '88',
  inoperative: '91',
} as const;

const HALF = 50;

export interface Host<M extends HostMessage> {
  dialect: HostDialect<M>;
  book: NetworkBook;
  scenarios: ScenarioBook<NetworkMessageKind, NetworkScenario>;
  nameCard(pan: string): CardReference;
  zoneKey: ZoneKey;
  /** The PIN of every card. */
  pin: string;
  clock: Clock;
  log: Log;
}

type Balance = ReturnType<NetworkBook['balance']>;
type Done = Answer & { written?: Promise<void>; balance?: Balance };

interface Deed<Request> {
  kind: NetworkMessageKind;
  understood: Understood<Request>;
  act(request: Request, scenario: NetworkScenario | undefined, pan: string): Done;
}

/** Where a network's messages are handled: understood, decided by the book or the scenario, and answered. */
export class MessageDesk<M extends HostMessage> {
  readonly #host: Host<M>;
  readonly #pinTries = new PinTries();

  constructor(host: Host<M>) {
    this.#host = host;
  }

  /** One message of an acquirer; `received` are its bytes, for a reject. */
  handle(message: M, link: HostLink<M>, received: Buffer): void {
    const kind = this.#host.dialect.messageKinds[withoutRepeat(message.mti)];
    if (kind === undefined) this.#unsupported(message, link, received);
    else if (kind === 'network') this.#manage(message, link);
    else if (!link.signedOn) link.send(this.#reply(message, { code: code.inoperative }));
    else this.#serve(kind, message, link);
  }

  #serve(kind: Exclude<NetworkMessageKind, 'network'>, message: M, link: HostLink<M>): void {
    const { book, dialect, nameCard } = this.#host;
    switch (kind) {
      case 'authorisation': {
        const understood = understandAuthorisation(message, nameCard, dialect.transactionId(message));
        this.#carryOut(message, link, {
          kind,
          understood,
          act: (request, scenario, pan) => this.#authorise(message, request, scenario, pan),
        });
        break;
      }
      case 'advice': {
        const understood = understandAdvice(
          message,
          nameCard,
          dialect.transactionId(message),
          dialect.completionPart(message),
        );
        const act = (request: AdviceRequest, scenario: NetworkScenario | undefined) =>
          refusal(scenario) ?? book.advise(request);
        this.#carryOut(message, link, { kind, understood, act });
        break;
      }
      case 'reversal': {
        const understood = understandReversal(message, nameCard);
        const act = (request: ReversalRequest, scenario: NetworkScenario | undefined) =>
          refusal(scenario) ?? book.reverse(request);
        this.#carryOut(message, link, { kind, understood, act });
      }
    }
  }

  #authorise(
    message: M,
    request: AuthorisationRequest,
    scenario: NetworkScenario | undefined,
    pan: string,
  ): Done {
    const { book } = this.#host;
    const decision = book.authorise(request, () => this.#decide(message, request, scenario, pan));
    const asks = request.service === 'balance' && decision.code === code.approved;
    return asks ? { ...decision, balance: book.balance(request) } : decision;
  }

  #decide(
    { de4, de52 }: M,
    { amount, service, card }: AuthorisationRequest,
    scenario: NetworkScenario | undefined,
    pan: string,
  ): IssuerWord {
    if (scenario?.action === 'decline') return { code: scenario.code };
    if (scenario?.action === 'amount-decides') return { code: de4?.slice(-2) ?? code.format };
    const pinWord = de52 ? this.#pinCode(de52, pan, card.reference) : code.approved;
    if (pinWord !== code.approved) return { code: pinWord };
    if (scenario?.action !== 'partial' || !SPENDS.has(service)) return { code: code.approved };
    const part = Math.max(1, Math.floor((amount * (scenario.percent ?? HALF)) / 100));
    return { code: code.partiallyApproved, amount: part };
  }

  #pinCode(block: PinBlock, pan: string, card: string): string {
    const { zoneKey, pin } = this.#host;
    if (this.#pinTries.isUsedUp(card)) return code.pinTriesUsedUp;
    const result = zoneKey.check(block.reveal(), pin, pan);
    if (result === 'wrong') {
      this.#pinTries.wrong(card);
      return code.wrongPin;
    }
    if (result !== 'right') return code.pinNotDeciphered;
    this.#pinTries.right(card);
    return code.approved;
  }

  #carryOut<Request extends { card: CardReference }>(
    message: M,
    link: HostLink<M>,
    { kind, understood, act }: Deed<Request>,
  ): void {
    if ('missing' in understood) {
      this.#refuseFormat(message, link, understood.missing);
      return;
    }
    const { request, pan } = understood;
    const scenario = this.#host.scenarios.choose(kind, request.card.reference);
    const answer = async () => {
      const { balance, written, ...answered } = act(request, scenario, pan.reveal());
      await written;
      return this.#reply(message, answered, balance);
    };
    void conduct(scenario, link, answer, this.#host);
  }

  #manage(message: M, link: HostLink<M>): void {
    const { dialect, scenarios, zoneKey } = this.#host;
    if (!isRequest(message.mti)) {
      if (message.de70 === dialect.keyExchange) zoneKey.answered(message.de39);
      else link.echoAnswered();
      return;
    }
    const scenario = scenarios.choose('network', undefined);
    const act = async () => {
      const result = scenario?.action === 'decline' ? scenario.code : this.#change(link, message.de70);
      return dialect.managementReply(message, result);
    };
    void conduct(scenario, link, act, this.#host);
  }

  /** What an 0800 asks of the link, by its DE70. @returns DE39 */
  #change(link: HostLink<M>, asked: string | undefined): string {
    const { signOn, signOff, echo } = this.#host.dialect;
    if (asked === signOn) link.signedOn = true;
    else if (asked === signOff) link.signedOn = false;
    else if (asked !== echo) return code.invalidTransaction;
    return code.approved;
  }

  #unsupported(message: M, link: HostLink<M>, received: Buffer): void {
    const { dialect, log } = this.#host;
    const { mti } = message;
    log.warn({ event: 'network.unsupported', peer: link.peer, mti }, 'message type not handled');
    if (dialect.reject) link.reject(received);
    else if (isRequest(mti)) link.send(this.#reply(message, { code: code.invalidTransaction }));
  }

  #refuseFormat(message: M, link: HostLink<M>, missing: string): void {
    const { mti } = message;
    const seen = { event: 'network.incomplete', peer: link.peer, mti, missing };
    this.#host.log.warn(seen, 'data element missing');
    link.send(this.#reply(message, { code: code.format }));
  }

  #reply(request: M, answer: Answer, balance?: Balance): M {
    const elements = answerElements(request, answer, balance);
    return this.#host.dialect.reply(request, elements, answer.transactionId);
  }
}

/** A notice that a scenario declines has no effect. */
function refusal(scenario: NetworkScenario | undefined): Done | undefined {
  return scenario?.action === 'decline' ? { code: scenario.code } : undefined;
}
