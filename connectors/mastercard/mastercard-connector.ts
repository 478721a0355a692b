import { compile, framing, mastercardCis } from '../../messages/index.ts';
import { MASTERCARD_ANSWERS } from '../answers/mastercard-answers.ts';
import { withRepeats } from '../link/match-keys.ts';
import { type NetworkParts, type NetworkSettings, networkConnector } from '../link/network-connector.ts';
import type { NetworkDialect } from '../link/network-dialect.ts';
import { linkTolerance } from '../link/tolerated.ts';
import type { NetworkConnector } from '../network-leg.ts';
import { MASTERCARD_RULES } from '../scheme-rules.ts';
import {
  adviceRequest,
  authorisationRequest,
  type MastercardMessage,
  type MastercardParty,
  managementReply,
  managementRequest,
  replyElements,
  reversalRequest,
} from './mastercard-messages.ts';

export interface MastercardSettings extends NetworkSettings, MastercardParty {}

/** Every message of the network repeats who asked (DE32) beside its numbers; its own DE37 it need not. */
const FINANCIAL_KEYS = ['de7', 'de11', 'de32'] as const;

/** A network of Mastercard's profile: EBCDIC throughout, DE48 in sub-elements, two-byte length, no header. */
export function mastercardConnector(settings: MastercardSettings, parts: NetworkParts): NetworkConnector {
  return networkConnector(mastercardDialect(settings, settings.elements), settings, parts);
}

/** Codes, match keys and elements are unverified against the confidential specification, hence data. */
export function mastercardDialect(
  party: MastercardParty,
  elements?: NetworkSettings['elements'],
): NetworkDialect<MastercardMessage> {
  return {
    codec: compile(mastercardCis, {}, linkTolerance(mastercardCis, elements)),
    framing: framing('length-2'),
    matchKeys: withRepeats({
      '0100': FINANCIAL_KEYS,
      '0120': FINANCIAL_KEYS,
      '0400': FINANCIAL_KEYS,
      '0800': ['de11', 'de70'],
    }),
    managementCodes: {
      signOn: '061',
      signOff: '062',
      echo: '270',
      keyExchange: '161',
      acknowledged: ['061', '062', '081', '082', '363'],
    },
    answers: MASTERCARD_ANSWERS,
    rules: MASTERCARD_RULES,
    management: (code, stan, transmittedAt) => managementRequest(code, stan, transmittedAt, party),
    managementReply,
    managementCode: ({ de70 }) => de70,
    offeredKey: ({ de48 }) => de48?.se11,
    authorisation: (facts, card) => authorisationRequest(facts, card, party),
    reversal: (request) => reversalRequest(request, party),
    advice: (request) => adviceRequest(request, party),
    replyElements,
  };
}
