import { isRequest, type PinBlock, withoutRepeat } from '../../messages/index.ts';
import type { Clock, Log } from '../../runtime/index.ts';
import type { CardReference } from '../common/card.ts';
import type { ScenarioBook } from '../common/scenario.ts';
import { type Answer, answerElements } from './answer.ts';
import { type IssuerWord, type NetworkBook, SPENDS } from './book.ts';
import { conduct } from './conduct.ts';
import type { HostDialect, HostMessage } from './host-dialect.ts';
import type { HostLink } from './link.ts';
import type { AuthorisationRequest } from './rows.ts';
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

/** Handles one message of an acquirer; `received` are its bytes, for a reject. */
export function handleMessage<M extends HostMessage>(
  host: Host<M>,
  message: M,
  link: HostLink<M>,
  received: Buffer,
): void {
  const kind = host.dialect.messageKinds[withoutRepeat(message.mti)];
  if (kind === undefined) unsupported(host, message, link, received);
  else if (kind === 'network') manage(host, message, link);
  else if (!link.signedOn) link.send(reply(host, message, { code: code.inoperative }));
  else if (kind === 'authorisation') authorise(host, message, link);
  else if (kind === 'advice') advise(host, message, link);
  else reverse(host, message, link);
}

function authorise<M extends HostMessage>(host: Host<M>, message: M, link: HostLink<M>): void {
  carryOut(host, message, link, {
    kind: 'authorisation',
    understood: understandAuthorisation(message, host.nameCard, host.dialect.transactionId(message)),
    act(request, scenario, pan) {
      const decision = host.book.authorise(request, () => decide(host, scenario, message, request, pan));
      const asks = request.service === 'balance' && decision.code === code.approved;
      return { ...decision, ...(asks && { balance: host.book.balance(request) }) };
    },
  });
}

function advise<M extends HostMessage>(host: Host<M>, message: M, link: HostLink<M>): void {
  carryOut(host, message, link, {
    kind: 'advice',
    understood: understandAdvice(message, host.nameCard, host.dialect.transactionId(message)),
    act: (request, scenario) => refusal(scenario) ?? host.book.advise(request),
  });
}

function reverse<M extends HostMessage>(host: Host<M>, message: M, link: HostLink<M>): void {
  carryOut(host, message, link, {
    kind: 'reversal',
    understood: understandReversal(message, host.nameCard),
    act: (request, scenario) => refusal(scenario) ?? host.book.reverse(request),
  });
}

type Done = Answer & { written?: Promise<void>; balance?: ReturnType<NetworkBook['balance']> };

interface Deed<Request> {
  kind: NetworkMessageKind;
  understood: Understood<Request>;
  act(request: Request, scenario: NetworkScenario | undefined, pan: string): Done;
}

function carryOut<M extends HostMessage, Request extends { card: CardReference }>(
  host: Host<M>,
  message: M,
  link: HostLink<M>,
  { kind, understood, act }: Deed<Request>,
): void {
  if ('missing' in understood) {
    refuseFormat(host, message, link, understood.missing);
    return;
  }
  const { request, pan } = understood;
  const scenario = host.scenarios.choose(kind, request.card.reference);
  conduct(
    scenario,
    link,
    async () => {
      const { balance, written, ...answer } = act(request, scenario, pan.reveal());
      await written;
      return reply(host, message, answer, balance);
    },
    host,
  );
}

/** A notice that a scenario declines has no effect. */
function refusal(scenario: NetworkScenario | undefined): Done | undefined {
  return scenario?.action === 'decline' ? { code: scenario.code } : undefined;
}

function decide(
  { zoneKey, pin }: Pick<Host<HostMessage>, 'zoneKey' | 'pin'>,
  scenario: NetworkScenario | undefined,
  { de4, de52 }: HostMessage,
  { amount, service }: AuthorisationRequest,
  pan: string,
): IssuerWord {
  if (scenario?.action === 'decline') return { code: scenario.code };
  if (scenario?.action === 'amount-decides') return { code: de4?.slice(-2) ?? code.format };
  const pinWord = de52 ? pinCode(zoneKey, de52, pin, pan) : code.approved;
  if (pinWord !== code.approved) return { code: pinWord };
  if (scenario?.action !== 'partial' || !SPENDS.has(service)) return { code: code.approved };
  const part = Math.max(1, Math.floor((amount * (scenario.percent ?? HALF)) / 100));
  return { code: code.partiallyApproved, amount: part };
}

function pinCode(zoneKey: ZoneKey, block: PinBlock, pin: string, pan: string): string {
  const result = zoneKey.check(block.reveal(), pin, pan);
  if (result === 'right') return code.approved;
  return result === 'wrong' ? code.wrongPin : code.pinNotDeciphered;
}

function manage<M extends HostMessage>(host: Host<M>, message: M, link: HostLink<M>): void {
  const { dialect } = host;
  if (!isRequest(message.mti)) {
    if (message.de70 === dialect.keyExchange) host.zoneKey.answered(message.de39);
    else link.echoAnswered();
    return;
  }
  const scenario = host.scenarios.choose('network', undefined);
  const act = async () => {
    if (scenario?.action === 'decline') return dialect.managementReply(message, scenario.code);
    if (message.de70 === dialect.signOn) link.signedOn = true;
    else if (message.de70 === dialect.signOff) link.signedOn = false;
    else if (message.de70 !== dialect.echo) return dialect.managementReply(message, code.invalidTransaction);
    return dialect.managementReply(message, code.approved);
  };
  conduct(scenario, link, act, host);
}

function unsupported<M extends HostMessage>(
  host: Host<M>,
  message: M,
  link: HostLink<M>,
  received: Buffer,
): void {
  const { mti } = message;
  host.log.warn({ event: 'network.unsupported', peer: link.peer, mti }, 'message type not handled');
  if (host.dialect.reject) link.reject(received);
  else if (isRequest(mti)) link.send(reply(host, message, { code: code.invalidTransaction }));
}

function refuseFormat<M extends HostMessage>(
  host: Host<M>,
  message: M,
  link: HostLink<M>,
  missing: string,
): void {
  const { mti } = message;
  host.log.warn({ event: 'network.incomplete', peer: link.peer, mti, missing }, 'data element missing');
  link.send(reply(host, message, { code: code.format }));
}

function reply<M extends HostMessage>(
  { dialect }: Host<M>,
  request: M,
  answer: Answer,
  balance?: ReturnType<NetworkBook['balance']>,
): M {
  return dialect.reply(request, answerElements(request, answer, balance), answer.transactionId);
}
