import type { Clock, Log } from '../../runtime/index.ts';
import type { OperationName, ReplyOf, RequestOf } from '../protocol/operations.ts';

export interface HsmConnectOptions {
  /** The Unix socket the HSM process announced. */
  socketPath: string;
  clock: Clock;
  log: Log;
  /** Default 1,000; at most 65,535. */
  requestTimeoutMs?: number;
  /** Requests sent and not answered; one more is refused HSM_BUSY. Default 1,024. */
  maxInFlight?: number;
}

/** Sends one request to where it is answered. */
export type Call = <N extends OperationName>(operation: N, request: RequestOf<N>) => Promise<ReplyOf<N>>;

/** How connections are told of: one, or several behind one face. */
export interface Link {
  readonly call: Call;
  connected(): boolean;
  whenConnected(): Promise<void>;
  close(): Promise<void>;
}
