import { compile, framing, iso87Ascii, type Message } from '../../messages/index.ts';
import type { HostDialect } from '../network/host-dialect.ts';

export type Iso87Message = Message<typeof iso87Ascii>;

/** A network of plain ISO 8583:1987: ASCII behind a two-byte length. What it cannot read closes the link. */
export const iso87HostDialect: HostDialect<Iso87Message> = {
  name: 'iso87',
  codec: compile(iso87Ascii),
  framing: framing('length-2'),
  messageKinds: {
    '0100': 'authorisation',
    '0200': 'authorisation',
    '0120': 'advice',
    '0220': 'advice',
    '0400': 'reversal',
    '0420': 'reversal',
    '0800': 'network',
    '0810': 'network',
  },
  signOn: '001',
  signOff: '002',
  echo: '301',
  keyExchange: '161',
  overCompletionPercent: {},
  transactionId: () => undefined,
  completionPart({ de60 }) {
    const [, sequence, count] = /^(\d{2})(\d{2})$/.exec(de60?.trim() ?? '') ?? [];
    return sequence === undefined ? undefined : { sequence: Number(sequence), count: Number(count) };
  },
  reply: (_, elements) => elements,
  managementReply: ({ de7, de11, de70 }, code) => ({ mti: '0810', de7, de11, de70, de39: code }),
  managementRequest: (code, stan, time, key) => ({
    mti: '0800',
    de7: time,
    de11: stan,
    de48: key,
    de70: code,
  }),
};
