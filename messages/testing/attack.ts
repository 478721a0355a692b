import { type Codec, compile } from '../codec.ts';
import type { Dialect, Message } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { toPlain } from '../plain.ts';

/** What parsing came to, in a form that two codecs can be compared by. */
function outcome(codec: Codec<Message>, bytes: Buffer): string {
  try {
    return JSON.stringify(toPlain(codec.parse(bytes), 'revealed'));
  } catch (error) {
    if (error instanceof IsoError) return `${error.code} ${error.path} ${error.offset}`;
    throw error;
  }
}

/** Parse attempts after which a codec has generated its code for a bitmap. */
const warmUp = 40;

/**
 * One dialect under attack: a codec that has warmed up must say the same of any bytes as one that is fresh, only our
 * error may come out, and what was parsed must pack to something that parses to the same.
 */
export function attacker(dialect: Dialect) {
  const warm = compile(dialect) as unknown as Codec<Message>;
  return {
    /** Makes the codec generate code for a message that is right. */
    warm(bytes: Buffer): void {
      for (let i = 0; i < warmUp; i++) warm.pack(warm.parse(bytes));
    },
    /** @throws whatever must not happen */
    try(bytes: Buffer): void {
      const fresh = compile(dialect) as unknown as Codec<Message>;
      const cold = outcome(fresh, bytes);
      const hot = outcome(warm, bytes);
      if (hot !== cold) {
        throw new Error(`generated code and tables disagree: ${hot.slice(0, 80)} / ${cold.slice(0, 80)}`);
      }
      if (!cold.startsWith('{')) return;
      const message = fresh.parse(bytes);
      const again = outcome(fresh, warm.pack(message));
      if (again !== cold) throw new Error('what was parsed does not survive packing');
      warm.macSlot(bytes);
    },
  };
}

/** Bytes changed the ways that find faults: bits, bytes, lengths, cuts, repeats, noise. `random` gives 0 ≤ x < 1. */
export function mutated(bytes: Buffer, random: () => number): Buffer {
  const below = (limit: number) => Math.floor(random() * limit);
  let out = Buffer.from(bytes);
  for (let times = 1 + below(3); times > 0; times--) {
    const at = below(out.length || 1);
    switch (below(7)) {
      case 0:
        out[at] = (out[at] ?? 0) ^ (1 << below(8));
        break;
      case 1:
        out[at] = below(256);
        break;
      case 2:
        out = out.subarray(0, at);
        break;
      case 3:
        out = Buffer.concat([out, Buffer.from([below(256)])]);
        break;
      case 4:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at + 1)]);
        break;
      case 5:
        out = Buffer.concat([out.subarray(0, at), out.subarray(below(at + 1))]);
        break;
      default:
        out[at] = [0x00, 0xff, 0x20, 0x30, 0x39, 0x40, 0xf0, 0xf9][below(8)] ?? 0;
    }
  }
  return out;
}
