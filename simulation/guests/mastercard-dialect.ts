import { type Codec, compile, framing, type Message, mastercardCis } from '../../messages/index.ts';
import type { Iso87Message } from '../../simulators/iso87/dialect.ts';
import type { HostDialect, HostMessage } from '../../simulators/network/host-dialect.ts';
import { MASTERCARD_DAY, mastercardReference } from '../peers/reversal-data.ts';

type Own = Message<typeof mastercardCis>;

/** A message as hosts read it, with all that is Mastercard's own beside it. */
export type MastercardMessage = HostMessage & Pick<Iso87Message, 'de12' | 'de13'> & { readonly own: Own };

/** DE61, position 7, and what the other networks say in DE25 instead. */
const CONDITIONS: Readonly<Record<string, string>> = { '4': '06', '8': '51' };
const codec = compile(mastercardCis);

/** Reads and writes the network's form; what hosts have alike is told as they have it. */
const asHostsHaveIt: Codec<MastercardMessage> = {
  dialect: codec.dialect,
  parse: (bytes) => withOwn(codec.parse(bytes)),
  pack({ own, de25: _, de95: __, ...common }) {
    return codec.pack({ ...own, ...common } as Own);
  },
  macSlot: (packed) => codec.macSlot(packed),
  setMac: (packed, mac) => codec.setMac(packed, mac),
};

/** Mastercard's profile as a host has it: every authorisation is a 0100, a hold and more of it are told by DE61. */
export const mastercardHostDialect: HostDialect<MastercardMessage> = {
  name: 'mastercard',
  codec: asHostsHaveIt,
  framing: framing('length-2'),
  messageKinds: {
    '0100': 'authorisation',
    '0120': 'advice',
    '0400': 'reversal',
    '0800': 'network',
    '0810': 'network',
  },
  signOn: '061',
  signOff: '062',
  echo: '270',
  keyExchange: '161',
  overCompletionPercent: { '4121': 20, '5812': 20, '5813': 20, '5814': 20 },
  transactionId: ({ own }) => own.de48?.se63?.trim(),
  completionPart: () => undefined,
  reply({ own }, elements, transactionId) {
    const named =
      transactionId === undefined ? {} : { de15: MASTERCARD_DAY, de63: mastercardReference(transactionId) };
    const { de12, de13, de33 } = own;
    return { ...elements, own: { mti: elements.mti, de12, de13, de33, ...named } };
  },
  managementReply({ mti, own: { de7, de11, de33, de63, de70 } }, code) {
    const reply = { mti: mti === '0800' ? '0810' : mti, de7, de11, de70, de39: code };
    return { ...reply, own: { ...reply, de33, de63 } };
  },
  managementRequest(code, stan, time) {
    const request = { mti: '0800', de7: time, de11: stan, de70: code };
    return { ...request, own: { ...request, de33: '200001' } };
  },
};

function withOwn(own: Own): MastercardMessage {
  const { mti, de2, de3, de4, de7, de11, de18, de32, de37, de38, de39, de41, de42, de49, de52, de54 } = own;
  const { de12, de13, de61, de70, de90, de95 } = own;
  return {
    mti,
    de2,
    de3,
    de4,
    de7,
    de11,
    de18,
    de32,
    de37,
    de38,
    de39,
    de41,
    de42,
    de49,
    de52,
    de54,
    de12,
    de13,
    de70,
    de90,
    de25: CONDITIONS[de61?.status ?? ''] ?? '00',
    de95: de95 && replacementOf(de95.transaction),
    own,
  };
}

function replacementOf(transaction: string): HostMessage['de95'] {
  const none = '0'.repeat(12);
  const noFee = 'C00000000';
  return { transaction, settlement: none, transactionFee: noFee, settlementFee: noFee };
}
