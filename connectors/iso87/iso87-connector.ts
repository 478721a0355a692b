import { compile, framing, iso87Ascii } from '../../messages/index.ts';
import { PLAIN_ANSWERS } from '../answers/plain-answers.ts';
import { withRepeats } from '../link/match-keys.ts';
import { type NetworkParts, type NetworkSettings, networkConnector } from '../link/network-connector.ts';
import type { NetworkDialect } from '../link/network-dialect.ts';
import { linkTolerance } from '../link/tolerated.ts';
import type { NetworkConnector } from '../network-leg.ts';
import { PLAIN_RULES } from '../scheme-rules.ts';
import {
  adviceRequest,
  authorisationRequest,
  type Iso87Message,
  managementReply,
  managementRequest,
  replyElements,
  reversalRequest,
} from './iso87-messages.ts';

const FINANCIAL_KEYS = ['de7', 'de11', 'de37', 'de41'] as const;

/** A network of plain ISO 8583:1987: ASCII, two-byte length, no header. */
export function iso87Connector(settings: NetworkSettings, parts: NetworkParts): NetworkConnector {
  const { elements } = settings;
  const codec = elements ? compile(iso87Ascii, {}, linkTolerance(iso87Ascii, elements)) : iso87Dialect.codec;
  return networkConnector({ ...iso87Dialect, codec }, settings, parts);
}

export const iso87Dialect: NetworkDialect<Iso87Message> = {
  codec: compile(iso87Ascii, {}, linkTolerance(iso87Ascii)),
  framing: framing('length-2'),
  matchKeys: withRepeats({
    ...Object.fromEntries(
      ['0100', '0200', '0120', '0220', '0400', '0420'].map((mti) => [mti, FINANCIAL_KEYS]),
    ),
    '0800': ['de11', 'de70'],
  }),
  managementCodes: {
    signOn: '001',
    signOff: '002',
    echo: '301',
    keyExchange: '161',
    acknowledged: ['001', '002', '061', '062', '201', '202', '270'],
  },
  answers: PLAIN_ANSWERS,
  rules: PLAIN_RULES,
  management: managementRequest,
  managementReply,
  managementCode: ({ de70 }) => de70,
  offeredKey: ({ de48 }) => de48,
  authorisation: authorisationRequest,
  reversal: reversalRequest,
  advice: adviceRequest,
  replyElements,
};
