/**
 * A canary: a value that is drawn for one message and sent once, so that whoever finds it knows where it came from. It
 * says of what kind it is and what it is made of, since that decides in which forms it may turn up.
 */

/** What is looked for. `mark` is what a run plants itself, to show that it would have found the others. */
export const KINDS = [
  'pin',
  'pin-block',
  'track-1',
  'track-2',
  'track-3',
  'cvv',
  'key',
  'user-pin',
  'pan',
  'mark',
] as const;
export type Kind = (typeof KINDS)[number];

export interface Canary {
  readonly kind: Kind;
  /** The message that carried it, or the name of the key: never the value. */
  readonly of: string;
  /** Digits are searched in BCD as well; bytes have no text of their own. */
  readonly value: { readonly digits: string } | { readonly text: string } | { readonly bytes: Buffer };
}
