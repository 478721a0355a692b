import type { Pan } from '../../messages/index.ts';
import type { MerchantSettings, Settings, TerminalSettings } from './settings.ts';

interface Route {
  readonly from: string;
  readonly to: string;
  readonly network: string;
}

/** Who may ask, for whom, and where a card leads: the look-ups of admission, all in memory. */
export interface Directory {
  terminal(id: string): TerminalSettings | undefined;
  merchant(id: string): MerchantSettings | undefined;
  /** The network that serves this card's IIN; the longest matching range wins. */
  networkFor(pan: Pan): string | undefined;
}

export function createDirectory(settings: Pick<Settings, 'terminals' | 'merchants' | 'routes'>): Directory {
  const terminals = new Map(settings.terminals.map((terminal) => [terminal.id, terminal]));
  const merchants = new Map(settings.merchants.map((merchant) => [merchant.id, merchant]));
  const routes = [...settings.routes].sort((a, b) => b.from.length - a.from.length);
  return {
    terminal: (id) => terminals.get(id.trimEnd()),
    merchant: (id) => merchants.get(id.trimEnd()),
    networkFor: (pan) => routes.find((route) => serves(route, pan))?.network,
  };
}

function serves(route: Route, pan: Pan): boolean {
  const iin = pan.iin(8).slice(0, route.from.length);
  return iin >= route.from && iin <= route.to;
}
