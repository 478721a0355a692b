import { compile, framing, type Message, visaBase1, visaReplyHeader } from '../../messages/index.ts';
import type { HostDialect } from '../network/host-dialect.ts';
import { rejectMessage } from './reject.ts';

export type VisaMessage = Message<typeof visaBase1>;

/** DE44 position 1: the issuer answered, not the network on its behalf. */
const ISSUER_ANSWERED = '5';
/** Stations of a message that we begin: nobody's in particular. */
const STATIONS = { source: '000000', destination: '000000' };

/** Visa's profile: BASE I, sign-on gate, polls and rejects. */
export const visaHostDialect: HostDialect<VisaMessage> = {
  name: 'visa',
  codec: compile(visaBase1),
  framing: framing('visa'),
  messageKinds: {
    '0100': 'authorisation',
    '0120': 'advice',
    '0400': 'reversal',
    '0420': 'reversal',
    '0800': 'network',
    '0810': 'network',
  },
  signOn: '071',
  signOff: '072',
  echo: '301',
  keyExchange: '161',
  overCompletionPercent: { '4411': 15, '7011': 15, '7512': 15, '5812': 20, '5813': 20, '4121': 20 },
  transactionId: ({ de62 }) => de62?.sf2,
  completionPart: ({ de62 }) =>
    de62?.sf11 === undefined ? undefined : { sequence: Number(de62.sf11), count: Number(de62.sf12 ?? 0) },
  reply(request, elements, transactionId) {
    const { de19, de62, de63 } = request;
    return {
      ...elements,
      header: visaReplyHeader(request.header),
      de19,
      de44: elements.mti === '0110' ? ISSUER_ANSWERED : undefined,
      de62: transactionId === undefined ? de62 : { ...de62, sf2: transactionId },
      de63,
    };
  },
  managementReply({ header, de7, de11, de37, de63, de70 }, code) {
    return {
      header: visaReplyHeader(header),
      mti: '0810',
      de7,
      de11,
      de37,
      de63,
      de70,
      de39: code,
    };
  },
  managementRequest: (code, stan, time, key) => ({
    header: STATIONS,
    mti: '0800',
    de7: time,
    de11: stan,
    de37: `000000${stan}`,
    de48: key,
    de63: { sf1: '0002' },
    de70: code,
  }),
  reject: rejectMessage,
};
