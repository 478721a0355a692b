import { createServer } from 'node:http';
import { type Address, isOwnHost, type LogLosses } from '../../runtime/index.ts';
import type { GateStatus } from '../admission/gate.ts';
import type { AuditStatus } from '../audit/publisher.ts';
import type { OpenMode } from '../fallback/degraded-modes.ts';
import type { FallbackScenario } from '../fallback/scenarios.ts';
import type { SweeperState } from '../follow-up/proof-sweeper.ts';
import type { FollowUpHealth } from '../follow-up/queue-health.ts';
import type { FollowStatus } from '../fraud/follow-journal.ts';
import type { FraudStatus } from '../fraud/fraud-watch.ts';
import type { CopyStatus } from '../own-copy/kept-files.ts';
import type { FollowedSettings } from '../settings-store/settings-follower.ts';
import type { ClockStatus } from './clock-watch.ts';

/** What a switch node says of itself, for `/ready` and for people. */
export interface NodeStatus {
  readonly node: string;
  readonly ready: boolean;
  /** Why it is not; empty where it is. */
  readonly notReady: readonly string[];
  readonly hsm: 'connected' | 'disconnected';
  readonly database: 'answers' | 'silent';
  /** Why the journal cannot be written, as on a full disk; absent where it can be. */
  readonly unwritable?: string | undefined;
  /** Why the standby that is demanded is none; absent where it is, or where none is demanded. */
  readonly standby?: string | undefined;
  readonly networks: Readonly<Record<string, string>>;
  /** Against the database's clock and the other nodes'; null before it was looked at. */
  readonly clock: ClockStatus | null;
  /** Lines that could not be written since the process started. */
  readonly log: LogLosses;
  readonly inFlight: number;
  readonly unsettled: number;
  /** Replies that were kept back since the node started, because their last moment was over. */
  readonly lateReplies: number;
  /** Reversals that matched nothing, by listener, since the node started. */
  readonly unmatchedReversals: Readonly<Record<string, number>>;
  /** What was served, refused and left unanswered for load, since the node started. */
  readonly admission: GateStatus;
  readonly degradedModes: readonly OpenMode[];
  /** How often each was seen since the node started. */
  readonly scenarios: Readonly<Record<FallbackScenario, number>>;
  /** How far the signed heads of the journal's chain are behind it. */
  readonly audit: AuditStatus;
  /** How well what it writes is kept outside the database. */
  readonly ownCopy: CopyStatus;
  /** Which workers live, on whatever machine, and how old the oldest due work is; null where it cannot be asked. */
  readonly followUps: FollowUpHealth | null;
  /** Which version of the shared settings it follows, and why not the one in force where that is another. */
  readonly settings: FollowedSettings;
  /** What rules of fraud found, and how far they know what other nodes wrote; absent where nobody looks. */
  readonly fraud?: (FraudStatus & { readonly journal: FollowStatus }) | undefined;
  readonly listeners: readonly {
    readonly name: string;
    readonly port: number;
    readonly connections: number;
  }[];
}

/** What a worker says of itself; `ready` as of a switch node. */
export interface WorkerStatus
  extends Pick<
    NodeStatus,
    | 'node'
    | 'ready'
    | 'notReady'
    | 'hsm'
    | 'database'
    | 'networks'
    | 'log'
    | 'degradedModes'
    | 'scenarios'
    | 'audit'
    | 'settings'
  > {
  readonly worker: string;
  /** Of all workers on one database one projects; the others stand by. */
  readonly isProjecting: boolean;
  /** Proofs that are waited for, and how they are asked for. */
  readonly proofs: SweeperState;
}

/**
 * Serves a process's status as JSON over HTTP, on loopback only: it is for the admin API on the same host. `/status` is
 * its own, `/hsm` what one of its HSM processes says: capabilities, and per operation where secret values are.
 */
export async function serveStatus(
  address: Address,
  status: () => NodeStatus | WorkerStatus,
  hsmStatus: () => Promise<unknown>,
) {
  const server = createServer({ requestTimeout: 2_000, headersTimeout: 2_000 }, (request, response) => {
    const answer = (code: number, body: unknown) => {
      response.writeHead(code, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (!isOwnHost(request.headers.host, [])) {
      answer(421, { error: 'the Host header names somebody else' });
      return;
    }
    const path = request.method === 'GET' ? request.url : undefined;
    if (path === '/status') answer(200, status());
    else if (path === '/hsm') {
      hsmStatus().then(
        (body) => answer(200, body),
        () => answer(503, { error: 'no HSM process answers' }),
      );
    } else answer(404, { error: 'not found' });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
