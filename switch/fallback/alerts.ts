import type { FallbackScenario } from './scenarios.ts';

/** What people must know of now. */
export interface Alert {
  /** Names what it is about: the same is raised once. */
  readonly key: string;
  readonly kind: 'degraded-mode' | 'follow-up-parked' | 'case' | 'late-work' | 'clock' | 'data-lost';
  /** Which runbook of docs/fallback.md helps; absent where it is none of the four. */
  readonly scenario?: FallbackScenario;
  readonly subject: string;
  readonly summary: string;
  readonly transaction?: string;
}

export interface RaisedAlert extends Alert {
  readonly position: number;
  readonly raisedAt: Date;
}

export interface AlertBook {
  /** @throws where it cannot be written now */
  raise(alert: Alert): Promise<void>;
}
