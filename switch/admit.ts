import type { NetworkConnector } from '../connectors/index.ts';
import type { ListenerSettings, MerchantSettings, TerminalSettings } from './config/settings.ts';
import type { Directory } from './directory.ts';
import { Refusal } from './errors.ts';
import type { PopPolicy } from './outcome-table.ts';
import type { PurchaseRequest } from './understand.ts';

/** Who asks, for whom, and where the card leads. */
export interface Admission {
  /** Absent on an acquirer's line: the acquirer answers for its terminals. */
  readonly terminal: TerminalSettings | undefined;
  readonly merchant: MerchantSettings;
  readonly network: NetworkConnector;
  readonly popPolicy: PopPolicy;
}

/** An acquirer's merchants that Étika does not know: the network leg alone decides for them. */
const UNENROLLED = { category: '5999', pop: 'off' } as const;

/** @throws Refusal SW_UNKNOWN_TERMINAL, SW_UNKNOWN_MERCHANT, SW_NO_ROUTE, SW_PIN_NOT_ACCEPTED */
export function admit(
  request: PurchaseRequest,
  listener: ListenerSettings,
  directory: Directory,
  networks: ReadonlyMap<string, NetworkConnector>,
): Admission {
  const { terminal, merchant } = identify(request, listener, directory);
  const network = networks.get(directory.networkFor(request.card.pan) ?? '');
  if (!network) throw new Refusal('SW_NO_ROUTE', { iin: request.card.pan.iin(6) });
  if (request.terminalPinBlock && !terminal) {
    throw new Refusal('SW_PIN_NOT_ACCEPTED', { listener: listener.name });
  }
  return { terminal, merchant, network, popPolicy: merchant.pop === 'required' ? 'required' : 'optional' };
}

function identify(request: PurchaseRequest, listener: ListenerSettings, directory: Directory) {
  const merchant = directory.merchant(request.merchant);
  if (listener.mac === 'none') {
    return { terminal: undefined, merchant: merchant ?? { id: request.merchant.trimEnd(), ...UNENROLLED } };
  }
  const terminal = directory.terminal(request.terminal);
  if (!terminal) throw new Refusal('SW_UNKNOWN_TERMINAL', { listener: listener.name });
  if (!merchant || terminal.merchant !== merchant.id) {
    throw new Refusal('SW_UNKNOWN_MERCHANT', { terminal: terminal.id });
  }
  return { terminal, merchant };
}
