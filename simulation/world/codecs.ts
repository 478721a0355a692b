import { codecTelling, type listenerCodec, logOfDropped } from '../../switch/serve/listener-codec.ts';

type CodecOf = typeof listenerCodec;
type OnDropped = Parameters<typeof codecTelling>[1];

interface Shared {
  readonly codec: ReturnType<CodecOf>;
  /** Of the life whose message it reads or writes just now. */
  onDropped: OnDropped;
}

const shared = new Map<string, Shared>();

/**
 * The codecs of listeners, made once for all lives of all seeds. A process makes its own once and has them run faster
 * and faster; made anew for each of thousands of short lives, they would never come to that. What is dropped of a
 * message is told in the log of the life that reads it.
 */
export const sharedCodec: CodecOf = (listener, ends) => {
  const common = sharedFor(listener);
  const { codec } = common;
  const onDropped = logOfDropped(listener, ends);
  return {
    dialect: codec.dialect,
    parse(bytes) {
      common.onDropped = onDropped;
      return codec.parse(bytes);
    },
    pack(message) {
      common.onDropped = onDropped;
      return codec.pack(message);
    },
    macSlot: (packed) => codec.macSlot(packed),
    setMac: (packed, mac) => codec.setMac(packed, mac),
  };
};

function sharedFor(listener: Parameters<CodecOf>[0]): Shared {
  const { dialect, elements } = listener;
  const key = JSON.stringify([dialect, elements]);
  const known = shared.get(key);
  if (known) return known;
  const made: Shared = {
    codec: codecTelling(listener, (element, problem) => made.onDropped(element, problem)),
    onDropped() {},
  };
  shared.set(key, made);
  return made;
}
