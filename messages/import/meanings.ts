import type { Field, Semantic } from '../dialect.ts';

/** What these numbers hold in every edition of the standard: imported fields are masked like our own. */
const meanings: Readonly<Record<number, Semantic>> = {
  2: 'pan',
  34: 'account',
  35: 'track2',
  36: 'track3',
  45: 'track1',
  52: 'pin-block',
  55: 'emv',
  102: 'account',
  103: 'account',
};

/**
 * The field with the meaning that its number gives it, where its content can carry that meaning. PIN blocks and chip
 * data that are written as text are text that is never shown; tracks and numbers that are written as bits show no more
 * than their length anyway.
 */
export function withMeaning(number: number, field: Field): Field {
  const meaning = meanings[number];
  if (!meaning || field.parts || field.slices) return field;
  const binary = meaning === 'pin-block' || meaning === 'emv';
  if (binary === (field.content === 'b')) return { ...field, as: meaning };
  return binary ? { ...field, as: 'secret' } : field;
}
