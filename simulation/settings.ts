import { Pan } from '../messages/index.ts';
import { developmentSettings } from '../switch/config/development.ts';
import { DEFAULT_FALLBACK, type FallbackSettings } from '../switch/config/fallback.ts';
import type { MerchantSettings, Settings } from '../switch/config/settings.ts';
import type { MerchantStandIn, StandInSettings } from '../switch/config/stand-in.ts';
import type { Features } from './features.ts';
import { LISTED_CARDS } from './orders.ts';
import { NETWORK_ADDRESSES } from './peers/network-addresses.ts';
import { lookupOf } from './world/hsm.ts';
import type { SeededRandom } from './world/seeded-random.ts';

/** Of a merchant and day, by currency; what has no row is not stood in for. */
const MERCHANT_STAND_IN: MerchantStandIn = [
  { currency: '978', count: 4, minorUnits: 900_000, floorMinorUnits: 400_000 },
  { currency: '392', count: 3, minorUnits: 600_000, floorMinorUnits: 300_000 },
];

const PER_CARD_DAY = [
  { currency: '978', count: 2, minorUnits: 500_000 },
  { currency: '392', count: 2, minorUnits: 400_000 },
];

const issuer = { perCardDay: PER_CARD_DAY, pinTriesPerCardDay: 3, withoutExpiry: 'accept' } as const;

export const STAND_IN: StandInSettings = {
  issuers: [
    { from: '4', to: '4', ...issuer },
    { from: '5', to: '5', ...issuer },
  ],
  negativeList: LISTED_CARDS.map((digits) => lookupOf(Pan.of(digits)).toString('hex')),
};

/**
 * None is of a category for which a scheme lets a completion take more than was authorised; the first may add tips to
 * what Visa authorised.
 */
export const MERCHANTS: readonly [MerchantSettings, ...MerchantSettings[]] = [
  { id: 'MERCHANT0000001', category: '7230', region: 'other', pop: 'optional', standIn: MERCHANT_STAND_IN },
  { id: 'MERCHANT0000002', category: '5732', pop: 'required', standIn: MERCHANT_STAND_IN },
  { id: 'MERCHANT0000003', category: '5541', pop: 'off' },
  { id: 'MERCHANT0000004', category: '5732', pop: 'off', standIn: MERCHANT_STAND_IN },
];

/** A clock of a run steps by a day at most: what is remembered outlasts that, as docs/originals.md asks for. */
const TAKE_BACKS = { rememberMs: 2 * 86_400_000 } as const;

/** A run begins half a minute before midnight in UTC: its business day ends while it goes on. */
const CALENDAR = { timeZone: 'Europe/Brussels', cutOverHour: 1 } as const;

/** So few attempts make a trend that a run of a few dozen payments opens degraded modes. */
const TOUCHY: FallbackSettings = {
  ...DEFAULT_FALLBACK,
  minSamples: 4,
  closeAfterGood: 3,
  linkDownMs: 2_000,
  linkLosses: 3,
  network: { ...DEFAULT_FALLBACK.network, minFailures: 2, queueDepth: 2 },
  pop: { ...DEFAULT_FALLBACK.pop, minFailures: 2, queueDepth: 3 },
};

/** Of runs in which a copy may be let in whose first was not. */
const CROWDED = 0.75;

/** So narrow a gate that a few payments at once are more than it lets in. */
function narrowGate(random: SeededRandom): Pick<Settings, 'admission'> {
  const limit = 1 + random.integer(2);
  return {
    admission: {
      targetWaitMs: 5,
      minLimit: limit,
      maxLimit: limit,
      maxQueueMs: 20,
      mustServeLimit: 1 + random.integer(2),
      mustServeWaiting: random.integer(3),
    },
  };
}

/** What all nodes of a run have in common; leases are short in half of all runs, so that more of them end. */
export function settingsOf(random: SeededRandom, { habits }: Features): Settings {
  const settings = developmentSettings({
    databaseUrl: 'postgres://simulated',
    hsmSocketPath: '/simulated',
    visa: NETWORK_ADDRESSES.visa,
    iso87: NETWORK_ADDRESSES.iso87,
    popUrl: 'http://simulated',
  });
  const lease = random.pick([
    { leaseMs: 10_000, takeOverEveryMs: 3_000 },
    { leaseMs: 2_000, takeOverEveryMs: 500 },
  ]);
  const tills = habits.has('other-till') || habits.has('other-till-after-close') ? 2 : 1;
  const gates = random.stream('gates');
  const isSilent = gates.chance(0.5);
  return {
    ...settings,
    ...CALENDAR,
    takeBacks: TAKE_BACKS,
    ...(gates.chance(habits.has('doubled-by-the-line') ? CROWDED : 0.25) && narrowGate(gates)),
    listeners: settings.listeners.map((each) => (isSilent ? { ...each, whenOverloaded: 'silence' } : each)),
    journal: { ...settings.journal, ...lease },
    merchants: [...MERCHANTS],
    terminals: settings.terminals.map((terminal, index) => ({
      ...terminal,
      merchant: (MERCHANTS[Math.floor(index / tills) % MERCHANTS.length] ?? MERCHANTS[0]).id,
      partialApproval: index % 3 !== 2,
    })),
    standIn: STAND_IN,
    ...(random.chance(0.5) && { fallback: TOUCHY }),
    followUps: { ...settings.followUps, maxAttempts: random.chance(0.1) ? 3 : 10_000 },
  };
}

/** A node's name is that of its host. */
export function ofNode(node: string, { listeners }: Settings): Pick<Settings, 'node' | 'listeners'> {
  return { node, listeners: listeners.map((listener) => ({ ...listener, host: node })) };
}
