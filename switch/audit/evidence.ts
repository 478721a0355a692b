import { CHAIN_FORM, type ChainForm } from '../journal/chain.ts';
import type { StoredEntry } from './entry-row.ts';

/** An epoch as the database has it. */
export interface EpochFacts {
  readonly epoch: number;
  /** Null where no lease says so: then there are entries or claims of an epoch that is not known. */
  readonly node: string | null;
  /** Version of the form of its chain; null where it keeps none. */
  readonly chain: number | null;
  readonly isEnded: boolean;
}

/** The form in which the chain of an epoch is read. A chain of no known form is not followed at all. */
export function chainFormOf(chain: number | null): ChainForm {
  return chain === 1 ? 1 : CHAIN_FORM;
}

/** A claim that no entry has made, as far as the database says. */
export interface StrayClaim {
  readonly key: string;
  readonly sequence: number | null;
}

/**
 * What is verified, in this order: an epoch, then its entries by their sequences, then its stray claims; epochs from
 * the first on. Claims without an epoch come last, under epoch null.
 */
export type Evidence =
  | { readonly epoch: EpochFacts }
  | { readonly entry: StoredEntry }
  | { readonly stray: StrayClaim; readonly of: number | null };
