import type { KeyOwner, KeySet } from '../../switch/keys/key-records.ts';

/** The table of key changes: steps are added, never changed. */
export class KeyTable {
  readonly steps: { readonly owner: KeyOwner; readonly set: KeySet }[] = [];
  /** Told after each change, until their process dies. */
  readonly listeners = new Set<() => void>();

  of(owner: KeyOwner): KeySet[] {
    const latest = new Map<number, KeySet>();
    for (const step of this.steps) if (step.owner === owner) latest.set(step.set.generation, step.set);
    return [...latest.values()].sort((a, b) => a.generation - b.generation);
  }

  record(owner: KeyOwner, sets: readonly KeySet[]): boolean {
    const isTaken = sets.some(({ generation, state }) =>
      this.steps.some(
        (step) => step.owner === owner && step.set.generation === generation && step.set.state === state,
      ),
    );
    if (isTaken) return false;
    this.steps.push(...sets.map((set) => ({ owner, set })));
    for (const tell of this.listeners) tell();
    return true;
  }
}
