import { Bytes } from '../../messages/index.ts';
import type { HostMessage } from '../../simulators/network/host-dialect.ts';
import type { HabitOfNetworks } from '../peers/habits/habit.ts';
import { isRequestAnswer } from '../peers/host-messages.ts';
import type { SeededRandom } from '../world/seeded-random.ts';

const THOUSAND = 1_000;
/** More than any guest asks for. */
const MORE_THAN_IS_ASKED = 10_000_000;
const IN_PART = '10';

type Change = (reply: HostMessage) => HostMessage;

/** Answers to payments that say less than they must, or what cannot be. */
const OF_PAYMENTS: readonly Change[] = [
  (reply) => ({ ...reply, de39: undefined }),
  (reply) => ({ ...reply, de39: '10', de4: '0'.repeat(12) }),
  (reply) => ({ ...reply, de39: '10' }),
  (reply) => ({ ...reply, de4: String(Number(reply.de4) + tooMuch(reply)).padStart(12, '0') }),
  (reply) => ({ ...reply, de49: '840' }),
  (reply) => ({ ...reply, de55: Bytes.of(Buffer.from('910a00112233445566770000', 'hex')) }) as HostMessage,
  (reply) => ({ ...reply, de37: undefined }),
  (reply) => ({ ...reply, de11: undefined }),
];
/** To reversals and advices: the next try is answered as it should be. */
const OF_NOTICES: readonly Change[] = [
  (reply) => ({ ...reply, de39: undefined }),
  (reply) => ({ ...reply, de39: '91' }),
  (reply) => ({ ...reply, de39: '96' }),
  (reply) => ({ ...reply, de37: undefined }),
];
const OF_ALL = 0.25;

/** What networks of guests answer now and then, where a seed has it: nobody may be approved by it, and nothing lost. */
export const ODD_ANSWERS: HabitOfNetworks = {
  name: 'odd-answers',
  network: {
    answers(reply, _, random) {
      if (!/^0[1-4]/.test(reply.mti) || !random.chance(OF_ALL)) return reply;
      const isOfPayment = isRequestAnswer(reply);
      // A refusal that reads as an approval would be the network's word, and its own books would not have it.
      if (isOfPayment && reply.de38 === undefined) return reply;
      return oneOf(isOfPayment ? OF_PAYMENTS : OF_NOTICES, random)(reply);
    },
  },
};

/** Of what is approved in part a little more is possible, and nobody could tell that the network's books have less. */
function tooMuch({ de39 }: HostMessage): number {
  return de39 === IN_PART ? MORE_THAN_IS_ASKED : THOUSAND;
}

function oneOf(changes: readonly Change[], random: SeededRandom): Change {
  return changes[random.integer(changes.length)] ?? ((reply) => reply);
}
