import type { ModeChange, RecordedChange } from '../../switch/fallback/mode-records.ts';

/** Changes of degraded modes as all nodes and operators see them. */
export class ModeChanges {
  readonly #changes: RecordedChange[] = [];

  record(change: ModeChange, at: number, node?: string): void {
    const position = this.#changes.length + 1;
    this.#changes.push({ ...change, position, at, ...(node !== undefined && { node }) });
  }

  /** Of each mode by an operator and by each node. */
  latest(): RecordedChange[] {
    const last = new Map(this.#changes.map((change) => [`${change.mode}|${change.node}`, change]));
    return [...last.values()];
  }
}
