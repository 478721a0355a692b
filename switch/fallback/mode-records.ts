/** How the switch works while something that it needs is not as it should be. */
export type DegradedMode =
  | `network-degraded:${string}`
  | 'pop-degraded'
  | 'journal-degraded'
  | 'hsm-degraded';

/** A mode opened or closed: by whom, and why. */
export interface ModeChange {
  readonly mode: DegradedMode;
  readonly isOpen: boolean;
  /** `trend`, or the name of an operator. */
  readonly by: string;
  readonly why: string;
}

export interface RecordedChange extends ModeChange {
  /** Grows with every change. */
  readonly position: number;
  /** The node whose trend it is; absent where an operator changed it for all of them. */
  readonly node?: string;
  /** Wall clock, milliseconds since the Unix epoch. */
  readonly at: number;
}

/** Where changes of modes are written down for ever. */
export interface ModeRecords {
  /** @param node absent: an operator's, for all nodes. @throws where it cannot be written now */
  record(change: ModeChange, at: number, node?: string): Promise<void>;
  /** The latest change of each mode by an operator and by each node. @throws where it cannot be read now */
  latest(): Promise<readonly RecordedChange[]>;
}

/** Follow-ups that are overdue, by lane. @throws where it cannot be asked now */
export type OverdueFollowUps = () => Promise<ReadonlyMap<string, number>>;
