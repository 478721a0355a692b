import type { ListenerSettings, NetworkSettings, Settings } from '../../switch/config/settings.ts';

/** On which only somebody calls who says what makes no sense (`rubbish.ts`). */
const PORTS_FROM = 8_590;
const MANNERS = {
  whenUnproven: 'notice',
  unmatchedReversal: 'refuse',
  reversalAmount: 'part',
  unservedAdvice: 'refuse',
  partialApproval: true,
} as const;
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
  };
}

function toldMore(network: NetworkSettings): NetworkSettings {
  if (network.name === 'lodging') {
    return { ...network, rules: { partialReversal: false }, reversalNumbers: 'own' } as NetworkSettings;
  }
  const matchedBy: ('de11' | 'de37' | 'de41')[] = ['de11', 'de37', 'de41'];
  return network.name === 'plain' ? { ...network, answers: { matchedBy }, elements: {} } : network;
}
