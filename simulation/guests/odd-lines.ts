import type {
  ListenerSettings,
  NetworkSettings,
  Settings,
  TerminalSettings,
} from '../../switch/config/settings.ts';
import { GUEST_TERMINALS } from './guest-settings.ts';

/** On which only somebody calls who says what makes no sense (`rubbish.ts`). */
const PORTS_FROM = 8_590;
const MANNERS = {
  whenUnproven: 'notice',
  unmatchedReversal: 'refuse',
  reversalAmount: 'part',
  unservedAdvice: 'refuse',
  partialApproval: true,
} as const;
const HOTEL = 'MERCHANT0000009';
const CURRENCIES = { '978': 2, '826': 2, '392': 0, '784': 2 };
const SILENT = { whenUnproven: 'silence', whenOverloaded: 'silence' } as const;

/** The same switch with listeners of other manners, and networks whose settings say what their profile says already. */
export function withOddLines(settings: Settings): Settings {
  const odd = settings.listeners.map((each, index): ListenerSettings => {
    const manners = index % 2 === 0 ? MANNERS : SILENT;
    return { ...each, ...manners, name: `odd-${index}`, port: PORTS_FROM + index };
  });
  return {
    ...settings,
    listeners: [...settings.listeners, ...odd],
    networks: settings.networks.map(toldMore),
    currencies: CURRENCIES,
    terminals: settings.terminals.map(withLess),
    merchants: settings.merchants.map((each) =>
      each.id === HOTEL ? { ...each, authorisations: 'final' as const } : each,
    ),
  };
}

/** One that only somebody speaks for has no master key, and a clock of its own. */
function withLess(terminal: TerminalSettings): TerminalSettings {
  if (terminal.id !== GUEST_TERMINALS[0].id) return terminal;
  const { masterKey: _, ...rest } = terminal;
  return { ...rest, clock: 'local' };
}

function toldMore(network: NetworkSettings): NetworkSettings {
  if (network.name === 'lodging') {
    const told = { standInIsTold: 'deferred', reversalNumbers: 'own' } as const;
    return { ...network, ...told, rules: { partialReversal: false } } as NetworkSettings;
  }
  const matchedBy: ('de11' | 'de37' | 'de41')[] = ['de11', 'de37', 'de41'];
  return network.name === 'plain' ? { ...network, answers: { matchedBy }, elements: {} } : network;
}
