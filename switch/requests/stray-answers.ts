// By which keys the request of an answer is found that no link knows: its node was started anew, or the network answers
// over another session. What an answer repeats for certain is terminal and retrieval reference.

import type { AnswerNumbers } from '../../connectors/index.ts';
import { referenceKey } from './keys.ts';

/** @param listeners names of those that the request may have come in by */
export function strayKeys(
  { terminal, rrn }: AnswerNumbers,
  listeners: readonly { readonly name: string }[],
): string[] {
  if (terminal === undefined || rrn === undefined) return [];
  return listeners.map(({ name }) => referenceKey(name, terminal, rrn));
}
