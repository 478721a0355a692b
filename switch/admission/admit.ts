import type { NetworkConnector } from '../../connectors/index.ts';
import type { Directory } from '../config/directory.ts';
import { Refusal } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { partyKey } from '../requests/keys.ts';
import { isNameless, mayBeNameless, subjectOf } from '../requests/nameless.ts';
import { canIdentify } from '../requests/presence.ts';
import { type PaymentRequest, type Sender, understandSender } from '../requests/understand.ts';
import type { OutcomePolicy } from '../transaction/outcome-table.ts';
import type { Inbound, Party, Received } from './inbound.ts';
import { maySpeakFor } from './spoken-for.ts';

// Who may ask, and where what they ask for leads: look-ups in the settings, without a word to HSM or journal.

/** Where a card leads, and by which rules its legs become one answer. */
export interface Route {
  readonly network: NetworkConnector;
  readonly policy: OutcomePolicy;
}

/** An acquirer's merchants that Étika does not know: the network leg alone decides for them. */
const UNENROLLED = { category: '5999', pop: 'off' } as const;

/**
 * The sender as its message says, and as the settings know it.
 * @throws Refusal SW_FORMAT, SW_NOT_SPOKEN_FOR, SW_UNKNOWN_TERMINAL, SW_UNKNOWN_MERCHANT
 */
export function admitSender(
  received: Pick<Received, 'message' | 'listener' | 'certificate' | 'untimed'>,
  { clock, directory }: Pick<Ports, 'clock' | 'directory'>,
): { sender: Sender; party: Party } {
  const { message, listener } = received;
  const sender = understandSender(message, clock, mayBeNameless(received), received.untimed);
  const acquirer = message.de32 ?? listener.acquirer;
  if (!maySpeakFor(received, sender.terminal, acquirer)) {
    throw new Refusal('SW_NOT_SPOKEN_FOR', { terminal: sender.terminal.trimEnd() });
  }
  return { sender, party: identify(sender, acquirer, received, directory) };
}

/**
 * A terminal that is registered here is one and the same on whichever line it calls, so its keys name no acquirer. On
 * an acquirer's line the acquirer answers for merchant and terminal, whose numbers say something within it only.
 */
function identify(
  sender: Sender,
  acquirer: string,
  { message, listener }: Pick<Received, 'message' | 'listener'>,
  directory: Directory,
): Party {
  const merchant = directory.merchant(sender.merchant);
  if (listener.mac === 'none') {
    return {
      terminal: undefined,
      merchant: merchant ?? { id: sender.merchant.trimEnd(), ...UNENROLLED },
      key: partyKey(acquirer, sender.merchant, isNameless(message) ? subjectOf(message) : sender.terminal),
    };
  }

  const terminal = directory.terminal(sender.terminal, sender.merchant);
  if (!terminal) throw new Refusal('SW_UNKNOWN_TERMINAL', { listener: listener.name });
  if (!merchant || terminal.merchant !== merchant.id) {
    throw new Refusal('SW_UNKNOWN_MERCHANT', { terminal: terminal.id });
  }
  return { terminal, merchant, key: partyKey('', merchant.id, terminal.id) };
}

/** @throws Refusal SW_NO_ROUTE, SW_PIN_NOT_ACCEPTED */
export function routeOf(
  request: PaymentRequest,
  { listener, party }: Pick<Inbound, 'listener' | 'party'>,
  { directory, networks }: Pick<Ports, 'directory' | 'networks'>,
): Route {
  const { terminal, merchant } = party;
  const network = networks.get(directory.networkFor(request.card.pan) ?? '');
  if (!network) throw new Refusal('SW_NO_ROUTE', { iin: request.card.pan.iin(6) });
  if (request.terminalPinBlock && !terminal) {
    throw new Refusal('SW_PIN_NOT_ACCEPTED', { listener: listener.name });
  }

  const mayBePartial = terminal?.partialApproval ?? listener.partialApproval ?? false;
  const policy: OutcomePolicy = {
    proof: merchant.pop === 'required' ? 'required' : 'optional',
    partialApproval: request.service.partial && mayBePartial,
    withoutCash: mayBePartial,
    canIdentify: canIdentify(request),
    movesMoney: request.service.movesMoney,
  };
  return { network, policy };
}
