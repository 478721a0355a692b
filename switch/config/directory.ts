import type { Pan } from '../../messages/index.ts';
import type { ApiKeySettings } from './gateway.ts';
import type { ListenerSettings, MerchantSettings, Settings, TerminalSettings } from './settings.ts';

interface Route {
  readonly from: string;
  readonly to: string;
  readonly network: string;
}

/** A key, and the merchant for whom it speaks. */
export interface ApiKeyOwner {
  readonly key: ApiKeySettings;
  readonly merchant: MerchantSettings;
}

/** Who may ask, for whom, and where a card leads: the look-ups of admission, all in memory. */
export interface Directory {
  /** DE41 is unique only within DE42: the one of this merchant, else the only one of this id. */
  terminal(id: string, merchant?: string): TerminalSettings | undefined;
  merchant(id: string): MerchantSettings | undefined;
  /** Of one party, all the lines that it may call on: its batch is one, whichever it calls. */
  linesOf(listener: ListenerSettings): readonly string[];
  /** Whether a line is an acquirer's, by its name: who sells there is the acquirer's to answer for. */
  isAcquirersLine(name: string): boolean;
  /** Merchants that may give back what this one sold, and it what they did; itself is none of them. */
  refundPartners(id: string): readonly string[];
  /** The network that serves this card's IIN; the longest matching range wins. */
  networkFor(pan: Pan): string | undefined;
  /** Whose application shows a key, by the key's hash. */
  apiKey(sha256: string): ApiKeyOwner | undefined;
  /** The hour at which a network's clearing file is made; nothing where that is not known. */
  clearingCutOffHour(network: string): number | undefined;
}

export function createDirectory(
  settings: Pick<Settings, 'terminals' | 'merchants' | 'routes' | 'networks'> &
    Partial<Pick<Settings, 'listeners'>>,
): Directory {
  const terminals = terminalsById(settings.terminals);
  const merchants = new Map(settings.merchants.map((merchant) => [merchant.id, merchant]));
  const cutOffs = new Map(
    settings.networks.map(({ name, clearingCutOffHour }) => [name, clearingCutOffHour]),
  );
  const apiKeys = new Map(settings.merchants.flatMap(keysOf));
  const routes = [...settings.routes].sort((a, b) => b.from.length - a.from.length);
  return {
    terminal(id, merchant) {
      const those = terminals.get(id.trimEnd()) ?? [];
      if (those.length === 1) return those[0];
      return those.find((each) => each.merchant === merchant?.trimEnd());
    },
    merchant: (id) => merchants.get(id.trimEnd()),
    linesOf: (listener) => linesBeside(listener, settings.listeners ?? []),
    isAcquirersLine: (line) =>
      settings.listeners?.some(({ name, mac }) => name === line && mac === 'none') ?? false,
    refundPartners: (id) => partnersOf(merchants.get(id.trimEnd()), settings.merchants),
    networkFor: (pan) => routes.find((route) => serves(route, pan))?.network,
    apiKey: (sha256) => apiKeys.get(sha256),
    clearingCutOffHour: (network) => cutOffs.get(network),
  };
}

/** A registered terminal is the same on all lines of terminals, an acquirer's on those of its acquirer. */
function linesBeside(listener: ListenerSettings, listeners: readonly ListenerSettings[]): readonly string[] {
  const beside = listeners.filter(
    ({ mac, acquirer }) => mac === listener.mac && (mac === 'required' || acquirer === listener.acquirer),
  );
  return [...new Set([listener.name, ...beside.map(({ name }) => name)])];
}

function partnersOf(
  merchant: MerchantSettings | undefined,
  merchants: readonly MerchantSettings[],
): readonly string[] {
  if (merchant?.refundGroup === undefined) return [];
  return merchants
    .filter(({ id, refundGroup }) => id !== merchant.id && refundGroup === merchant.refundGroup)
    .map(({ id }) => id);
}

function keysOf(merchant: MerchantSettings): [string, ApiKeyOwner][] {
  return (merchant.apiKeys ?? []).map((key) => [key.sha256, { key, merchant }]);
}

function serves(route: Route, pan: Pan): boolean {
  const iin = pan.iin(8).slice(0, route.from.length);
  return iin >= route.from && iin <= route.to;
}

/** Of several merchants' terminals of one id the first keeps the id as the name of its keys; the others get another. */
function terminalsById(terminals: readonly TerminalSettings[]): Map<string, TerminalSettings[]> {
  const byId = new Map<string, TerminalSettings[]>();
  for (const terminal of terminals) {
    const id = terminal.id.trimEnd();
    const those = byId.get(id) ?? [];
    const { keyName = `${id}/${terminal.merchant}` } = terminal;
    byId.set(id, [...those, those.length === 0 ? terminal : { ...terminal, keyName }]);
  }
  return byId;
}
