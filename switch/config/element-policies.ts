import { linkElementPolicies } from '../../connectors/index.ts';
import {
  compile,
  type Dialect,
  type ElementPolicy,
  elementPolicies,
  IsoError,
  iso87Ascii,
  mastercardCis,
  visaBase1,
} from '../../messages/index.ts';
import { listenerDialect } from './listener-dialect.ts';
import type { ListenerSettings, NetworkSettings } from './settings.ts';

// What becomes of an element that is not as its dialect says, at a listener or a link. What decides about money or
// identity is refused whatever the settings say; other text passes as it came, and the rest counts as absent: neither
// goes any further than the switch, which reads none of it.

/** What a terminal's message is judged by: money, card, numbers, parties, services, chip and seal. */
const DECIDING: ReadonlySet<number> = new Set([
  2, 3, 4, 7, 11, 12, 13, 14, 18, 22, 23, 25, 32, 35, 37, 38, 39, 41, 42, 49, 52, 55, 64, 70, 90, 95, 128,
]);

const NETWORKS: Readonly<Record<NetworkSettings['profile'], Dialect>> = {
  visa: visaBase1,
  mastercard: mastercardCis,
  iso87: iso87Ascii,
};

/** @throws {IsoError} ISO_DIALECT where an element cannot have the policy that is chosen for it */
export function listenerElementPolicies(
  listener: Pick<ListenerSettings, 'dialect' | 'packager' | 'elements'>,
): Record<number, ElementPolicy> {
  return elementPolicies(listenerDialect(listener), DECIDING, listener.elements);
}

/** Policies of the settings that no element can have, and specifications that no listener can speak. */
export function* unfitElementPolicies(
  listeners: readonly ListenerSettings[],
  networks: readonly NetworkSettings[],
): Generator<string> {
  for (const [index, listener] of listeners.entries()) {
    const amiss = packagerFault(listener);
    if (amiss) yield `/listeners/${index}/packager: ${amiss}`;
    else yield* faultOf(`/listeners/${index}/elements`, () => listenerElementPolicies(listener));
  }
  for (const [index, { profile, elements }] of networks.entries()) {
    yield* faultOf(`/networks/${index}/elements`, () => linkElementPolicies(NETWORKS[profile], elements));
  }
}

function packagerFault(listener: ListenerSettings): string | undefined {
  if (!listener.packager) return undefined;
  try {
    compile(listenerDialect(listener));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
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
