import { compile, framing, visaBase1 } from '../../messages/index.ts';
import { VISA_ANSWERS } from '../answers/visa-answers.ts';
import { withRepeats } from '../link/match-keys.ts';
import { type NetworkParts, type NetworkSettings, networkConnector } from '../link/network-connector.ts';
import type { NetworkDialect } from '../link/network-dialect.ts';
import { linkTolerance } from '../link/tolerated.ts';
import type { NetworkConnector } from '../network-leg.ts';
import { VISA_RULES } from '../scheme-rules.ts';
import {
  adviceRequest,
  authorisationRequest,
  managementReply,
  managementRequest,
  replyElements,
  reversalRequest,
  type VisaMessage,
  type VisaStations,
} from './visa-messages.ts';

export interface VisaSettings extends NetworkSettings {
  readonly stations: VisaStations;
}

const FINANCIAL_KEYS = ['de7', 'de11', 'de37', 'de41', 'de42'] as const;

/** A network of Visa's profile: BASE I header and dialect. */
export function visaConnector(settings: VisaSettings, parts: NetworkParts): NetworkConnector {
  return networkConnector(visaDialect(settings.stations, settings.elements), settings, parts);
}

const USUAL_CODEC = compile(visaBase1, {}, linkTolerance(visaBase1));

/** Codes and match keys are unverified against the confidential specification, hence data. */
export function visaDialect(
  stations: VisaStations,
  elements?: NetworkSettings['elements'],
): NetworkDialect<VisaMessage> {
  return {
    codec: elements ? compile(visaBase1, {}, linkTolerance(visaBase1, elements)) : USUAL_CODEC,
    framing: framing('visa'),
    matchKeys: withRepeats({
      '0100': FINANCIAL_KEYS,
      '0120': FINANCIAL_KEYS,
      '0400': FINANCIAL_KEYS,
      '0800': ['de11', 'de70'],
    }),
    managementCodes: {
      signOn: '071',
      signOff: '072',
      echo: '301',
      keyExchange: '161',
      acknowledged: ['001', '002', '071', '072', '201'],
    },
    answers: VISA_ANSWERS,
    rules: VISA_RULES,
    management: (code, stan, transmittedAt) => managementRequest(code, stan, transmittedAt, stations),
    managementReply,
    managementCode: ({ de70 }) => de70,
    offeredKey: ({ de48 }) => de48,
    authorisation: (facts, card) => authorisationRequest(facts, card, stations),
    reversal: (request) => reversalRequest(request, stations),
    advice: (request) => adviceRequest(request, stations),
    replyElements,
  };
}
