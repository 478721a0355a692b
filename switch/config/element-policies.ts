import { linkElementPolicies } from '../../connectors/index.ts';
import {
  type Dialect,
  type ElementPolicy,
  elementPolicies,
  IsoError,
  iso87Ascii,
  iso87AsciiHex,
  iso87Bcd,
  mastercardCis,
  posBcd,
  visaBase1,
} from '../../messages/index.ts';
import type { ListenerSettings, NetworkSettings } from './settings.ts';

// What becomes of an element that is not as its dialect says, at a listener or a link. What decides about money or
// identity is refused whatever the settings say; other text passes as it came, and the rest counts as absent: neither
// goes any further than the switch, which reads none of it.

/** What a terminal's message is judged by: money, card, numbers, parties, services, chip and seal. */
const DECIDING: ReadonlySet<number> = new Set([
  2, 3, 4, 7, 11, 12, 13, 14, 18, 22, 23, 25, 32, 35, 37, 38, 39, 41, 42, 49, 52, 55, 64, 70, 90, 95, 128,
]);

const LISTENERS: Readonly<Record<ListenerSettings['dialect'], Dialect>> = {
  'iso87-ascii': iso87Ascii,
  'iso87-ascii-hex': iso87AsciiHex,
  'iso87-bcd': iso87Bcd,
  'pos-bcd': posBcd,
};

const NETWORKS: Readonly<Record<NetworkSettings['profile'], Dialect>> = {
  visa: visaBase1,
  mastercard: mastercardCis,
  iso87: iso87Ascii,
};

/** @throws {IsoError} ISO_DIALECT where an element cannot have the policy that is chosen for it */
export function listenerElementPolicies({
  dialect,
  elements,
}: Pick<ListenerSettings, 'dialect' | 'elements'>): Record<number, ElementPolicy> {
  return elementPolicies(LISTENERS[dialect], DECIDING, elements);
}

/** Policies of the settings that no element can have. */
export function* unfitElementPolicies(
  listeners: readonly ListenerSettings[],
  networks: readonly NetworkSettings[],
): Generator<string> {
  for (const [index, listener] of listeners.entries()) {
    yield* faultOf(`/listeners/${index}/elements`, () => listenerElementPolicies(listener));
  }
  for (const [index, { profile, elements }] of networks.entries()) {
    yield* faultOf(`/networks/${index}/elements`, () => linkElementPolicies(NETWORKS[profile], elements));
  }
}

function* faultOf(path: string, policies: () => unknown): Generator<string> {
  try {
    policies();
  } catch (error) {
    if (!(error instanceof IsoError)) throw error;
    yield `${path}/${error.path.slice(2)}: must be ${error.expected}, found "${error.found}"`;
  }
}
