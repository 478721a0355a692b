import { httpExchange, type NetworkConnector, popClient, visaConnector } from '../connectors/index.ts';
import { connectHsm } from '../hsm/index.ts';
import {
  announceReady,
  createLog,
  type Log,
  onShutdown,
  systemClock,
  systemRandom,
  tcpSockets,
} from '../runtime/index.ts';
import { readSettings } from './config/read-settings.ts';
import type { Settings } from './config/settings.ts';
import { followUpTasks } from './follow-up/tasks.ts';
import { startFollowUpWorker } from './follow-up/queue.ts';
import { openPostgresJournal } from './journal/postgres-journal.ts';
import { LateAnswers } from './late-answers.ts';
import { crashCheckpoint } from './crash-checkpoint.ts';
import { type NodeStatus, serveStatus } from './status-server.ts';
import { type RunningSwitch, startSwitch } from './switch.ts';

const SHUTDOWN_GRACE_MS = 2_500;

const log = createLog('switch');
const settingsFile = process.env['SWITCH_SETTINGS_FILE'];
if (!settingsFile) throw new Error('SWITCH_SETTINGS_FILE must name the settings file of this node');
await run(readSettings(settingsFile), log);
