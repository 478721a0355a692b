import type { FallbackScenario } from './scenarios.ts';

/** What people must know of now. */
export interface Alert {
  /** Names what it is about: the same is raised once. */
  readonly key: string;
  readonly kind:
    | 'degraded-mode'
    | 'follow-up-parked'
    | 'case'
    | 'late-work'
    | 'clock'
    | 'data-lost'
    | 'log-lost'
    | 'flood'
    | 'process-died'
    | 'fraud-blocks';
  /** Which runbook of docs/fallback.md helps; absent where it is none of the four. */
  readonly scenario?: FallbackScenario;
  readonly subject: string;
  readonly summary: string;
  readonly transaction?: string;
}

/** What of it moves money, in one currency. */
export interface AlertAmount {
  readonly currency: string;
  readonly minorUnits: number;
}

export interface RaisedAlert extends Alert {
  readonly position: number;
  readonly raisedAt: Date;
  /** How often it was raised while it was open, and when last. */
  readonly count: number;
  readonly lastAt: Date;
  readonly closedAt?: Date;
  readonly closedBy?: string;
  readonly acknowledgedAt?: Date;
  readonly acknowledgedBy?: string;
  readonly note?: string;
  /** Of the payments that it is about, as they were asked for. */
  readonly amounts: readonly AlertAmount[];
  /** What to do about it. */
  readonly action: string;
}

export interface AlertBook {
  /** @throws where it cannot be written now */
  raise(alert: Alert): Promise<void>;
  /** What it told of is over. Absent: nobody is told. @throws where it cannot be written now */
  closeAlert?(about: Pick<Alert, 'kind' | 'subject'>, by: string): Promise<void>;
}
