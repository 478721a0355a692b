/**
 * Versions of the shared settings that nobody may follow: what operators mistype. Each is wrong in one way, of the sort
 * that one of the checks of switch/config/ is there for. A switch that followed one would take a payment for another
 * merchant's, or find a key in no place.
 */
import type { SharedSettings } from '../../switch/config/shared-settings.ts';

type Terminal = SharedSettings['terminals'][number];
type Merchant = SharedSettings['merchants'][number];
type Network = SharedSettings['networks'][number];

const NOWHERE = 'nowhere';
const KEY = { name: 'one', sha256: '0'.repeat(64), permissions: ['payments:read'] } as const;

export const MISTAKES: readonly ((shared: SharedSettings) => object)[] = [
  (shared) => ({ ...shared, networks: shared.networks.concat({ name: NOWHERE }) }),
  (shared) => ({ ...shared, routes: shared.routes.concat({ from: '9', to: '9', network: NOWHERE }) }),
  (shared) => ofRoute(shared, { from: '9', to: '8' }),
  (shared) => ofRoute(shared, { from: '9', to: '91' }),
  (shared) => ofRoute(shared, { from: 'nine', to: '9' }),
  (shared) => ({ ...shared, merchants: undefined }),
  (shared) => ({ ...shared, merchants: 'all of them', terminals: 2, routes: null }),
  (shared) => ({ ...shared, terminals: shared.terminals.map((each) => ({ ...each, colour: 'red' })) }),
  (shared) => ({ ...shared, merchants: shared.merchants.concat(shared.merchants.slice(0, 1)) }),
  (shared) => ({ ...shared, terminals: shared.terminals.concat(shared.terminals.slice(0, 1)) }),
  (shared) => ofTerminal(shared, { merchant: NOWHERE }),
  (shared) => ofTerminal(shared, { currency: '999' }),
  (shared) => ofTerminal(shared, {}, 'pinKey'),
  (shared) => ofTerminal(shared, { dukpt: { baseKey: 'BDK/TDES', serialNumber: 'de53', offset: 3 } }),
  (shared) => ofTerminal(shared, { dukpt: { baseKey: 'BDK/TDES', serialNumber: 'de53', bytes: 10 } }),
  (shared) => ofTerminal(shared, { pinFormat: 4, masterKey: 'TMK/TERM0001', keyBlock: 'B' }),
  (shared) => ofMerchant(shared, { webhook: { url: 'http://shop.example/', secretFile: 'secret' } }),
  (shared) => ({ ...shared, merchants: shared.merchants.map((each) => ({ ...each, apiKeys: [KEY] })) }),
  (shared) => ofNetwork(shared, { answers: { matchedBy: ['de37'] } }),
  (shared) => ofNetwork(shared, { answers: { tokens: [{ from: '4999', to: '4000' }] } }),
  (shared) => ofNetwork(shared, { elements: { 4: 'pass' } }),
];

function ofRoute(shared: SharedSettings, range: { readonly from: string; readonly to: string }): object {
  return {
    ...shared,
    routes: shared.routes.map((each, index) => (index === 0 ? { ...each, ...range } : each)),
  };
}

/** Of the first; `without` names what is left out. */
function ofTerminal(shared: SharedSettings, change: Partial<Terminal>, without?: keyof Terminal): object {
  const [first, ...others] = shared.terminals;
  const kept = Object.entries({ ...first, ...change }).filter(([key]) => key !== without);
  return { ...shared, terminals: [Object.fromEntries(kept), ...others] };
}

function ofMerchant(shared: SharedSettings, change: Partial<Merchant>): object {
  const [first, ...others] = shared.merchants;
  return { ...shared, merchants: [{ ...first, ...change }, ...others] };
}

function ofNetwork(shared: SharedSettings, change: Partial<Network>): object {
  const [first, ...others] = shared.networks;
  return { ...shared, networks: [{ ...first, ...change }, ...others] };
}
