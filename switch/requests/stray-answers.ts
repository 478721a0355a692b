// By which keys the request of an answer is found that no link knows: its node was started anew, or the network answers
// over another session. What an answer repeats for certain is terminal and retrieval reference; the merchant is in it,
// or is the one that the terminal is registered for.

import type { AnswerNumbers } from '../../connectors/index.ts';
import { type PartyKey, partyKey, referenceKey } from './keys.ts';

export interface StraySettings {
  /** Those that the request may have come in by. */
  readonly listeners?: readonly { readonly mac: string; readonly acquirer: string }[];
  readonly terminals?: readonly { readonly id: string; readonly merchant: string }[];
}

export function strayKeys(
  { terminal, merchant, acquirer, rrn }: AnswerNumbers,
  { listeners = [], terminals = [] }: StraySettings,
): string[] {
  if (terminal === undefined || rrn === undefined) return [];
  const registered = terminals.filter(({ id }) => id === terminal.trimEnd()).map((each) => each.merchant);
  const merchants = merchant?.trim() ? [merchant] : registered;
  const lines = listeners.filter(({ mac }) => mac === 'none').map((line) => line.acquirer);

  const parties: PartyKey[] = [];
  for (const each of merchants) {
    for (const answersFor of ['', ...(acquirer === undefined ? [] : [acquirer]), ...lines]) {
      parties.push(partyKey(answersFor, each, terminal));
    }
  }
  return [...new Set(parties.map((party) => referenceKey(party, rrn)))];
}
