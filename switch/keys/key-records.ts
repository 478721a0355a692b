/** Whose keys: those of a terminal, or those shared with a network. */
export type KeyOwner = `terminal/${string}` | `network/${string}`;

/**
 * A set's life. `pending`: made or received, and not agreed on; `active`: what new messages are under; `expiring`: the
 * one before it, good until its overlap ends; `discarded`: the other side could not use it.
 */
export type KeySetState = 'pending' | 'active' | 'expiring' | 'discarded';

export interface NamedKey {
  /** The label of a key on the token, or the sealed record of a working key. */
  readonly reference: string;
  /** Six hex digits. */
  readonly kcv: string;
}

/** The keys that a message was proven with, and its answer is sealed with. */
export interface TerminalKeySet {
  readonly pinKey: string;
  readonly macKey: string;
  /** As many bytes of a MAC are sent, with zeros in the place of the rest; absent: all that the element holds. */
  readonly macBytes?: number;
}

/** Keys that are given, used and retired together. */
export interface KeySet {
  /** 0 for what the settings name; then 1, 2, 3 … */
  readonly generation: number;
  readonly state: KeySetState;
  readonly pin: NamedKey;
  /** Networks have none. */
  readonly mac?: NamedKey;
  /** When it entered its state; milliseconds since the epoch. */
  readonly at: number;
  /** Of an expiring set; milliseconds since the epoch. */
  readonly notAfter?: number;
}

/** Where key sets are kept, for all nodes. Steps are added, never changed. */
export interface KeyRecords {
  /** The latest step of every generation, oldest generation first. */
  of(owner: KeyOwner): Promise<KeySet[]>;
  /** Whose keys changed after a position, and up to which one that is so. */
  changedSince(
    position: number,
  ): Promise<{ readonly owners: readonly KeyOwner[]; readonly position: number }>;
  /** All of them or none. @returns false where one of these steps was taken already: look again */
  record(owner: KeyOwner, steps: readonly KeySet[]): Promise<boolean>;
  /** Has `changed` called soon after anybody has recorded steps; now and then such a word is lost. */
  onChange?(changed: () => void): void;
}
