import { IsoError, withoutRepeat } from '../../messages/index.ts';
import { admitSender } from '../admission/admit.ts';
import type { NoticeInbound, Received } from '../admission/inbound.ts';
import { Refusal } from '../errors.ts';
import type { TerminalKeySet } from '../keys/key-records.ts';
import type { Ports } from '../ports.ts';
import { requestKey } from '../requests/keys.ts';
import { reversedOriginal } from '../requests/originals.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { endRepeats, type Repeated } from './acknowledge-repeats.ts';
import { elementsOf, keptBody } from './keep-advice.ts';
import { rememberedBody } from './unmatched-reversal.ts';

// A reversal or an advice that cannot be read, or contradicts itself, is refused before any verb sees it. Its terminal
// tells it again, and sells nothing meanwhile; whatever it is about stays as it is. So it has the same end as one that
// a verb refuses: after a set number it is acknowledged, and people see what could be read of it. To guess what it
// means was rejected: what decides about money is not there.

const REVERSALS: ReadonlySet<string> = new Set(['0400', '0420']);
const NOTICES: ReadonlySet<string> = new Set([...REVERSALS, '0120', '0220']);

/**
 * @param keys that its MAC was verified with; without them it may be anybody's, except on an acquirer's line
 * @throws what it was refused for, as long as that has not been said too often
 */
export async function endUnread(
  received: Received,
  keys: TerminalKeySet | undefined,
  error: unknown,
  ports: Ports,
): Promise<ReplyFields | undefined> {
  const inbound = unreadNotice(received, keys, ports);
  if (!inbound) throw error;
  const refusal = error instanceof IsoError ? new Refusal('SW_FORMAT', { element: error.path }) : error;
  const { party, sender } = inbound;
  const repeated = { inbound, key: requestKey(party.key, sender), kept: keptOf(inbound) };
  return endRepeats(Promise.reject(refusal), repeated, ports).catch(() => {
    throw error;
  });
}

/** Whose it is, as far as that could be read and is proven. */
function unreadNotice(
  received: Received,
  keys: TerminalKeySet | undefined,
  ports: Ports,
): NoticeInbound | undefined {
  const { listener, message } = received;
  const isProven = keys !== undefined || listener.mac === 'none';
  if (!isProven || !NOTICES.has(withoutRepeat(message.mti))) return undefined;
  const { sealed: _, certificate: _of, ...rest } = received;
  try {
    return { ...rest, ...admitSender(received, ports), keys };
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function keptOf(inbound: NoticeInbound): Repeated['kept'] {
  if (!REVERSALS.has(inbound.sender.mti)) {
    return (reply) => ({ kind: 'advice-kept', body: keptBody(inbound, 'repeated', reply) });
  }
  return (reply) => {
    const body = rememberedBody(inbound, reversedOriginal(inbound), reply);
    const elements = elementsOf(inbound.message);
    return { kind: 'remembered', body: { ...body, elements, caseKind: 'reversal-repeated' } };
  };
}
