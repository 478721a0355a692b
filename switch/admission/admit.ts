import type { NetworkConnector } from '../../connectors/index.ts';
import type { Directory } from '../config/directory.ts';
import type { ListenerSettings, MerchantSettings, TerminalSettings } from '../config/settings.ts';
import { Refusal } from '../errors.ts';
import type { PaymentRequest, Sender } from '../requests/understand.ts';
import type { OutcomePolicy } from '../transaction/outcome-table.ts';

/** Who asks, and for whom. */
export interface Party {
  /** Absent on an acquirer's line: the acquirer answers for its terminals. */
  readonly terminal: TerminalSettings | undefined;
  readonly merchant: MerchantSettings;
}

/** Who asks, for whom, and where the card leads. */
export interface Admission extends Party {
  readonly network: NetworkConnector;
  readonly policy: OutcomePolicy;
}

/** An acquirer's merchants that Étika does not know: the network leg alone decides for them. */
const UNENROLLED = { category: '5999', pop: 'off' } as const;

/** @throws Refusal SW_UNKNOWN_TERMINAL, SW_UNKNOWN_MERCHANT, SW_NO_ROUTE, SW_PIN_NOT_ACCEPTED */
export function admit(
  request: PaymentRequest,
  listener: ListenerSettings,
  directory: Directory,
  networks: ReadonlyMap<string, NetworkConnector>,
): Admission {
  const party = identify(request, listener, directory);
  const network = networks.get(directory.networkFor(request.card.pan) ?? '');
  if (!network) throw new Refusal('SW_NO_ROUTE', { iin: request.card.pan.iin(6) });
  if (request.terminalPinBlock && !party.terminal) {
    throw new Refusal('SW_PIN_NOT_ACCEPTED', { listener: listener.name });
  }
  const policy: OutcomePolicy = {
    proof: party.merchant.pop === 'required' ? 'required' : 'optional',
    partialApproval:
      request.service.partial && (party.terminal?.partialApproval ?? listener.partialApproval ?? false),
    movesMoney: request.service.movesMoney,
  };
  return { ...party, network, policy };
}

/** @throws Refusal SW_UNKNOWN_TERMINAL, SW_UNKNOWN_MERCHANT */
export function identify(sender: Sender, listener: ListenerSettings, directory: Directory): Party {
  const merchant = directory.merchant(sender.merchant);
  if (listener.mac === 'none') {
    return { terminal: undefined, merchant: merchant ?? { id: sender.merchant.trimEnd(), ...UNENROLLED } };
  }
  const terminal = directory.terminal(sender.terminal);
  if (!terminal) throw new Refusal('SW_UNKNOWN_TERMINAL', { listener: listener.name });
  if (!merchant || terminal.merchant !== merchant.id) {
    throw new Refusal('SW_UNKNOWN_MERCHANT', { terminal: terminal.id });
  }
  return { terminal, merchant };
}
