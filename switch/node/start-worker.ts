/**
 * Puts a worker together: whatever follows a reply. It takes the follow-ups from the queue, keeps the projection, and
 * sees proofs through to their finality. It answers no terminal and authorises nothing, so that its work never stands
 * before a customer. All it knows it reads from the journal and the queue; it may be killed at any moment, and any
 * number of them work side by side.
 *
 * It obeys what operators say of the consensus, and its own attempts to initiate proofs may degrade it: its backlog is
 * what would bury a consensus that recovers. It keeps no mode of a network: reversals and advices go to a network that
 * is degraded as well, and two trends for one link would raise two alerts.
 */
import type { NetworkConnector, PopConnector } from '../../connectors/index.ts';
import type { HsmClient } from '../../hsm/index.ts';
import type { Clock, Log, Random } from '../../runtime/index.ts';
import { BusinessCalendar } from '../config/business-calendar.ts';
import type { Settings } from '../config/settings.ts';
import type { AlertBook } from '../fallback/alerts.ts';
import type { DegradedModes } from '../fallback/degraded-modes.ts';
import type { ModeRecords, OverdueFollowUps } from '../fallback/mode-records.ts';
import type { Notifications } from '../fallback/notices/webhook.ts';
import type { ScenarioTally } from '../fallback/scenarios.ts';
import { watchOver } from '../fallback/watch-over.ts';
import type { AwaitedProofs } from '../follow-up/awaited-proofs.ts';
import type { DueHolds } from '../follow-up/due-holds.ts';
import { HoldKeeper } from '../follow-up/hold-keeper.ts';
import { followUpLanes } from '../follow-up/lanes.ts';
import { ProofSweeper } from '../follow-up/proof-sweeper.ts';
import { startFollowUpWorker } from '../follow-up/queue.ts';
import { followUpTasks } from '../follow-up/tasks.ts';
import type { Journal } from '../journal/journal.ts';
import type { Numbers } from '../numbers/numbers.ts';
import type { ProjectionReader } from '../projection/projection-reader.ts';
import { Projector } from '../projection/projector.ts';
import { datedJournal } from '../transaction/dated-journal.ts';

export interface WorkerParts {
  readonly settings: Settings;
  /** The worker's own: its follow-ups are freed by its next process, and by no other's. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly hsm: HsmClient;
  readonly journal: Journal;
  readonly networks: ReadonlyMap<string, NetworkConnector>;
  readonly numbers: Numbers;
  readonly pop: PopConnector;
  readonly modeRecords: ModeRecords;
  readonly overdueFollowUps: OverdueFollowUps;
  readonly alerts: AlertBook;
  readonly proofs: AwaitedProofs;
  /** Absent: nobody watches over holds here. */
  readonly holds?: DueHolds;
  /** Absent: what comes behind its reversal is not looked for. */
  readonly payments?: Pick<ProjectionReader, 'paymentsOf'>;
  readonly notifications: Notifications;
}

export interface RunningWorker {
  readonly modes: DegradedModes;
  readonly scenarios: ScenarioTally;
  readonly projector: Projector;
  readonly sweeper: ProofSweeper;
  /** Begins nothing more, and waits for what runs. */
  stop(): Promise<void>;
}

export async function startWorker(parts: WorkerParts): Promise<RunningWorker> {
  const { settings, name, clock, log, networks, pop, journal, hsm } = parts;
  const { databaseUrl, fallback, cutOverHour = 0, timeZone } = settings;
  const used = { networks: new Map<string, NetworkConnector>(), pop, journal, hsm };
  const watched = watchOver(used, { ...parts, settings: { node: name, ...(fallback && { fallback }) } });
  const { modes, scenarios } = watched;

  const dated = datedJournal(watched.journal, new BusinessCalendar(settings), clock);
  const ports = { ...parts, pop: watched.pop, journal: dated, hsm: watched.hsm };
  const tasks = followUpTasks(ports);
  const lanes = followUpLanes(networks.keys());
  const { concurrency } = settings.followUps;
  const queue = await startFollowUpWorker({ databaseUrl, node: name, tasks, lanes, clock, log, concurrency });
  const { finalityMs } = settings.pop;
  const projector = new Projector({ databaseUrl, clock, log, cutOverHour, timeZone, finalityMs });
  const sweeper = new ProofSweeper(ports);
  const { holds } = parts;
  const keeper = holds && new HoldKeeper({ ...ports, holds });

  return {
    modes,
    scenarios,
    projector,
    sweeper,
    async stop() {
      modes.close();
      await Promise.all([queue.stop(), sweeper.stop(), keeper?.stop(), projector.stop()]);
    },
  };
}
