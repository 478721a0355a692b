import { type PinBlock, withoutRepeat } from '../../messages/index.ts';
import type { Clock, Log } from '../../runtime/index.ts';
import type { CardReference } from '../common/card.ts';
import type { ScenarioBook } from '../common/scenario.ts';
import type { PinCipher } from '../crypto/pin-block.ts';
import type { VisaBook } from './book.ts';
import { conduct } from './conduct.ts';
import {
  financialReply,
  networkReply,
  understandAuthorisation,
  understandReversal,
  type VisaMessage,
} from './exchange.ts';
import type { VisaLink } from './link.ts';
import type { VisaMessageKind, VisaScenario } from './scenario.ts';

/** Network management information codes, DE70. */
const SIGN_ON = '071';
const SIGN_OFF = '072';
const ECHO = '301';

/** DE39. */
const code = {
  approved: '00',
  invalidTransaction: '12',
  format: '30',
  wrongPin: '55',
  pinNotDeciphered: '88',
  inoperative: '91',
} as const;

export interface VisaNetwork {
  book: VisaBook;
  scenarios: ScenarioBook<VisaMessageKind, VisaScenario>;
  nameCard(pan: string): CardReference;
  pins: PinCipher;
  /** The PIN of every card. */
  pin: string;
  clock: Clock;
  log: Log;
}

/** Handles one message of an acquirer; `received` are its bytes, for a reject. */
export function handleMessage(
  network: VisaNetwork,
  message: VisaMessage,
  link: VisaLink,
  received: Buffer,
): void {
  const mti = withoutRepeat(message.mti);
  if (mti === '0800') manage(network, message, link);
  else if (mti !== '0100' && mti !== '0400' && mti !== '0420') {
    network.log.warn({ event: 'visa.unsupported', peer: link.peer, mti }, 'message type not handled');
    link.reject(received);
  } else if (!link.signedOn) link.send(financialReply(message, { code: code.inoperative }));
  else if (mti === '0100') authorise(network, message, link);
  else reverse(network, message, link);
}

function authorise(network: VisaNetwork, message: VisaMessage, link: VisaLink): void {
  const understood = understandAuthorisation(message, network.nameCard);
  if ('missing' in understood) {
    refuseFormat(network, message, link, understood.missing);
    return;
  }
  const { request, pan } = understood;
  const scenario = network.scenarios.choose('authorisation', request.card.reference);
  const act = async () => {
    const decision = network.book.authorise(request, () => decide(network, scenario, message, pan.reveal()));
    await decision.written;
    return financialReply(message, decision);
  };
  conduct(scenario, link, act, network);
}

function decide(
  network: VisaNetwork,
  scenario: VisaScenario | undefined,
  message: VisaMessage,
  pan: string,
): string {
  if (scenario?.action === 'decline') return scenario.code;
  if (scenario?.action === 'amount-decides') return message.de4?.slice(-2) ?? code.format;
  return message.de52 ? pinCode(network, message.de52, pan) : code.approved;
}

function pinCode({ pins, pin }: VisaNetwork, block: PinBlock, pan: string): string {
  const result = pins.check(block.reveal(), pin, pan);
  if (result === 'right') return code.approved;
  return result === 'wrong' ? code.wrongPin : code.pinNotDeciphered;
}

function reverse(network: VisaNetwork, message: VisaMessage, link: VisaLink): void {
  const understood = understandReversal(message, network.nameCard);
  if ('missing' in understood) {
    refuseFormat(network, message, link, understood.missing);
    return;
  }
  const { request } = understood;
  const scenario = network.scenarios.choose('reversal', request.card.reference);
  const act = async () => {
    if (scenario?.action === 'decline') return financialReply(message, scenario);
    const decision = network.book.reverse(request);
    await decision.written;
    return financialReply(message, decision);
  };
  conduct(scenario, link, act, network);
}

function manage(network: VisaNetwork, message: VisaMessage, link: VisaLink): void {
  const scenario = network.scenarios.choose('network', undefined);
  const act = async () => {
    if (scenario?.action === 'decline') return networkReply(message, scenario.code);
    if (message.de70 === SIGN_ON) link.signedOn = true;
    else if (message.de70 === SIGN_OFF) link.signedOn = false;
    else if (message.de70 !== ECHO) return networkReply(message, code.invalidTransaction);
    return networkReply(message, code.approved);
  };
  conduct(scenario, link, act, network);
}

function refuseFormat(network: VisaNetwork, message: VisaMessage, link: VisaLink, missing: string): void {
  const { mti } = message;
  network.log.warn({ event: 'visa.incomplete', peer: link.peer, mti, missing }, 'data element missing');
  link.send(financialReply(message, { code: code.format }));
}
