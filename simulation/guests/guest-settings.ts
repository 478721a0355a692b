import type { KeyLife } from '../../switch/config/keys.ts';
import type { ListenerSettings, MerchantSettings, Settings } from '../../switch/config/settings.ts';
import type { StandInSettings } from '../../switch/config/stand-in.ts';
import type { GuestNetwork } from '../faults.ts';
import { NETWORK_ADDRESSES } from '../peers/network-addresses.ts';
import { OWN_WAYS_TERMINAL } from './own-ways.ts';

/** A restaurant, whose guests tip and whose holds may be exceeded, and a hotel that is enrolled with Étika. */
const GUEST_MERCHANTS = [
  { id: 'MERCHANT0000008', category: '5812', pop: 'off', region: 'other' },
  { id: 'MERCHANT0000009', category: '7011', pop: 'optional', region: 'other', lateCompletion: 'accept' },
] as const satisfies readonly MerchantSettings[];

const STAND_IN = ['978', '826'].map((currency) => {
  return { currency, count: 20, minorUnits: 9_000_000, floorMinorUnits: 900_000 };
});

/** Who has an address for notices: guests' merchants, and one of the others. */
export const TOLD_MERCHANTS: readonly string[] = [...GUEST_MERCHANTS.map(({ id }) => id), 'MERCHANT0000001'];

const perCardDay = ['978', '826'].map((currency) => ({ currency, count: 20, minorUnits: 9_000_000 }));
const usual = { perCardDay, pinTriesPerCardDay: 3, withoutExpiry: 'accept' } as const;
const cvv = { key: 'CVK/VISA', valueAt: 0 };
/** Where issuers have written what their cards and PINs are verified with (`card-data.ts`). */
const ISSUERS: StandInSettings['issuers'] = [
  { from: '2', to: '2', ...usual, cvv, pin: { method: 'pvv', key: 'PVK/VISA', keyIndexAt: 3, valueAt: 4 } },
  {
    from: '4917',
    to: '4917',
    ...usual,
    pin: {
      method: 'ibm-3624',
      key: 'PVK-IBM/VISA',
      offsetAt: 4,
      offsetLength: 4,
      start: 3,
      length: 11,
      pad: 'F',
      table: '0123456789012345',
    },
  },
  { from: '5019', to: '5019', ...usual },
];

/** Published test numbers of ranges that lead to the guests' networks. */
export const GUEST_CARDS: Readonly<Record<GuestNetwork, string>> = {
  mastercard: '2223003122003222',
  lodging: '4917610000000000',
  plain: '5019717010103742',
};

/** Their terminals, each with the published keys of one that is not theirs. */
export const GUEST_TERMINALS = [
  { id: 'GUEST001', keyName: 'TERM0001', merchant: GUEST_MERCHANTS[0].id },
  { id: 'GUEST002', keyName: 'TERM0002', merchant: GUEST_MERCHANTS[1].id },
  /** On an acquirer's line, where nobody has keys. */
  { id: 'GUEST003', keyName: 'TERM0003', merchant: GUEST_MERCHANTS[0].id },
] as const;

/** Terminals that get new keys in service. */
export const KEY_TERMINALS = [
  { id: 'GUEST004', keyName: 'TERM0004', merchant: GUEST_MERCHANTS[0].id },
  { id: 'GUEST005', keyName: 'TERM0005', merchant: GUEST_MERCHANTS[1].id },
] as const;

const OWN_WAYS = {
  id: OWN_WAYS_TERMINAL.id,
  merchant: GUEST_MERCHANTS[0].id,
  partialApproval: true,
  macKey: `TAK/${OWN_WAYS_TERMINAL.keyName}`,
  macBytes: OWN_WAYS_TERMINAL.macBytes,
  dukpt: OWN_WAYS_TERMINAL.dukpt,
} as const;

/** Who sends PIN keys: Mastercard's profile has no room for a key block. */
export const ZONE_KEYS = {
  lodging: { pinKey: 'ZPK/VISA', masterKey: 'ZMK/VISA', version: 'D' },
  plain: { pinKey: 'ZPK/ISO87', masterKey: 'ZMK/ISO87', version: 'B' },
} as const;

/** Keys that are soon over, and as in service. */
export const KEY_LIVES: readonly [KeyLife, KeyLife] = [
  { overlapMs: 10_000, pendingMs: 20_000 },
  { overlapMs: 3_600_000, pendingMs: 86_400_000 },
];

const VISA_STATIONS = { sourceStation: '123456', destinationStation: '000000' };

/** The same switch, which guests are known to besides. */
export function withGuests(settings: Settings, keyLife?: KeyLife): Settings {
  const terminals = [...GUEST_TERMINALS, ...KEY_TERMINALS].map(({ id, keyName, merchant }) => ({
    id,
    merchant,
    partialApproval: true,
    pinKey: `TPK/${keyName}`,
    macKey: `TAK/${keyName}`,
    masterKey: `TMK/${keyName}`,
  }));
  const at = (name: GuestNetwork) => ({ name, ...NETWORK_ADDRESSES[name] });
  const master = (name: keyof typeof ZONE_KEYS) =>
    keyLife ? { zoneMasterKey: ZONE_KEYS[name].masterKey } : {};
  return {
    ...settings,
    ...(keyLife && { keyLife }),
    merchants: [...settings.merchants, ...GUEST_MERCHANTS.map((each) => ({ ...each, standIn: STAND_IN }))],
    ...(settings.standIn && {
      standIn: { ...settings.standIn, issuers: [...settings.standIn.issuers, ...ISSUERS] },
    }),
    terminals: [...settings.terminals, ...terminals, OWN_WAYS],
    routes: [
      { from: '2', to: '2', network: 'mastercard' },
      { from: '4917', to: '4917', network: 'lodging' },
      { from: '5019', to: '5019', network: 'plain' },
      ...settings.routes,
    ],
    networks: [
      ...settings.networks,
      { ...at('mastercard'), profile: 'mastercard', institution: '200001', zonePinKey: 'ZPK/VISA' },
      { ...at('lodging'), profile: 'visa', ...VISA_STATIONS, zonePinKey: 'ZPK/VISA', ...master('lodging') },
      { ...at('plain'), profile: 'iso87', zonePinKey: 'ZPK/ISO87', ...master('plain') },
    ],
  };
}

export function guestListener(settings: Settings, index: number): ListenerSettings {
  const listener = settings.listeners[index % settings.listeners.length];
  if (!listener) throw new Error('the development settings lack a listener');
  return listener;
}

/** What somebody calls a terminal on a line that takes all of them: keys are put together with bars. */
export const BARRED_TERMINAL = 'A|B';

/** Whether guests, or somebody in their name, began the transaction whose first entry this is. */
export function isOfGuests(body: unknown): boolean {
  const { facts, terminal = '' } = body as { facts?: { terminal: string }; terminal?: string };
  const name = facts?.terminal ?? terminal;
  return /^(GUEST|NOBODY)/.test(name) || name.trimEnd() === BARRED_TERMINAL;
}
