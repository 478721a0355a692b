import type { Settings } from '../switch/config/settings.ts';
import type { FaultPlan } from './faults.ts';
import type { Features } from './features.ts';
import type { Guests } from './guests/guests.ts';
import type { MerchantInbox } from './guests/merchant-inbox.ts';
import type { Networks } from './peers/networks.ts';
import type { ProofService } from './peers/proof-service.ts';
import type { SwitchNode } from './switch-node.ts';
import type { WorkerNode } from './worker-node.ts';
import type { Workload } from './workload.ts';
import type { HeadDisks } from './world/audit.ts';
import type { Database } from './world/database.ts';
import type { LogCapture } from './world/log-capture.ts';
import type { Network } from './world/network.ts';
import type { SettingsVersions } from './world/settings-versions.ts';
import type { World } from './world/world.ts';

/** Everything of one run. */
export interface Simulation {
  readonly world: World;
  readonly network: Network;
  readonly database: Database;
  readonly networks: Networks;
  readonly proofs: ProofService;
  readonly nodes: readonly SwitchNode[];
  /** One for each node, where they are processes of their own. */
  readonly workers: readonly WorkerNode[];
  readonly workload: Workload;
  /** Absent where the seed has none. */
  readonly guests?: Guests | undefined;
  readonly inbox?: MerchantInbox | undefined;
  /** Absent where settings never change. */
  readonly versions?: SettingsVersions | undefined;
  readonly faults: FaultPlan;
  readonly settings: Settings;
  readonly features: Features;
  /** Payments that the seed draws. */
  readonly drawn: number;
  readonly logs: LogCapture;
  readonly headDisks: HeadDisks;
}
