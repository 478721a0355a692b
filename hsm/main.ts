import { setPriority } from 'node:os';
import {
  announceReady,
  createLog,
  forbidCoreDumps,
  type Log,
  onShutdown,
  systemClock,
} from '../runtime/index.ts';
import {
  HSM_EXIT_DEVELOPMENT_KEYS,
  HSM_EXIT_SETTINGS,
  HSM_EXIT_TOKEN_LOST,
  HSM_EXIT_WRONG_PIN,
  HsmError,
} from './errors.ts';
import { UseLedger } from './keys/use-ledger.ts';
import type { PinAlarm } from './pin/guard.ts';
import { harden } from './process/hardening.ts';
import { credentialsOf } from './process/peer-credentials.ts';
import { ownUserPolicy, Peers, readPolicy } from './process/policy.ts';
import { HsmServer } from './process/server.ts';
import { type Boundary, HsmService, TokenLostError } from './process/service.ts';
import { type HsmSettings, readSettings } from './process/settings.ts';
import { startWatchdog } from './process/watchdog.ts';

const MAX_WAITING = 4_096;
const MAX_CONNECTIONS = 64;
const TOKEN_CHECK_EVERY_MS = 1_000;
const PRIORITY = -10;

const log = createLog('hsm');

function exitCodeOf(error: unknown): number {
  if (!(error instanceof HsmError)) return HSM_EXIT_TOKEN_LOST;
  if (error.code === 'HSM_WRONG_USER_PIN') return HSM_EXIT_WRONG_PIN;
  if (error.code === 'HSM_SETTINGS_INVALID') return HSM_EXIT_SETTINGS;
  if (error.code === 'HSM_DEVELOPMENT_KEY') return HSM_EXIT_DEVELOPMENT_KEYS;
  return HSM_EXIT_TOKEN_LOST;
}

/** Ends the process once the log line is out. Replies already written leave with it. */
function stop(error: unknown): void {
  const exitCode = exitCodeOf(error);
  const reason = error instanceof Error ? error.message : 'unknown';
  log.error({ event: 'hsm.stopped', exitCode, reason }, 'HSM process stops');
  process.exitCode = exitCode;
  setTimeout(() => process.exit(exitCode), 50);
}

/** A core dump would write keys and PIN blocks to disk. */
function withoutCoreDumps(production: boolean, to: Log): void {
  if (forbidCoreDumps()) return;
  if (production) {
    throw new HsmError(
      'HSM_SETTINGS_INVALID',
      'core dumps cannot be forbidden: is prlimit (util-linux) here?',
    );
  }
  to.warn({ event: 'hsm.core-dumps' }, 'core dumps could not be forbidden');
}

/** Every transaction waits for this process, which works in bursts of microseconds: on a busy machine it goes first. */
function goFirst(): void {
  try {
    setPriority(PRIORITY);
  } catch {
    // Only for those who may (CAP_SYS_NICE); a service manager can give it as well.
  }
}

function placeOf(error: unknown): string | undefined {
  return error instanceof Error ? /^\s+at .*$/m.exec(error.stack ?? '')?.[0].trim() : undefined;
}

/** Notices a token that went away while no request was there to tell, and one that does not come back from a call. */
function watchToken(service: HsmService, hangMs: number): void {
  const watchdog = startWatchdog(hangMs);
  const check = () => {
    watchdog.alive();
    try {
      service.ensureAlive();
    } catch (error) {
      stop(error);
      return;
    }
    systemClock.after(TOKEN_CHECK_EVERY_MS, check);
  };
  systemClock.after(TOKEN_CHECK_EVERY_MS, check);
}

function ledgerOf({ ledgerPath }: HsmSettings): UseLedger {
  if (ledgerPath === undefined) {
    log.warn(
      { event: 'hsm.ledger' },
      'HSM_USE_LEDGER is not set: used counters are forgotten with this process',
    );
  }
  return UseLedger.open(ledgerPath);
}

/** No core, no reader of our memory, nothing of it in swap; and who may ask. */
function closed(settings: HsmSettings): { boundary: Boundary; peers: Peers } {
  withoutCoreDumps(settings.production, log);
  const hardening = harden();
  if (settings.production && !hardening.notDumpable) {
    throw new HsmError('HSM_SETTINGS_INVALID', 'the process cannot be made undumpable (prctl)');
  }
  const own = new Set([process.getuid?.() ?? 0, 0]);
  const policy = settings.policyPath === undefined ? ownUserPolicy(own) : readPolicy(settings.policyPath);
  const boundary = { ...hardening, peers: policy.map(({ caller }) => caller.name) };
  if (settings.production && (hardening.swappable || !hardening.secretsLocked)) {
    log.warn({ event: 'hsm.boundary', ...boundary }, 'memory that may be swapped: see docs/hsm.md');
  }
  return { boundary, peers: new Peers(policy) };
}

async function serve(settings: HsmSettings): Promise<void> {
  const { boundary, peers } = closed(settings);
  goFirst();
  const clocks = {
    monotonic: () => systemClock.monotonic(),
    wall: () => systemClock.wall(),
    after: (milliseconds: number, action: () => void) => systemClock.after(milliseconds, action),
    boundary,
    onPinAlarm: (alarm: PinAlarm) =>
      log.error(
        { event: 'hsm.pin-alarm', ...alarm },
        'many wrong PINs or malformed PIN blocks under one key',
      ),
  };
  const service = new HsmService(settings.token, settings.userPin, clocks, ledgerOf(settings));
  if (settings.production) service.refuseDevelopmentKeys();
  service.ensureAlive();
  const server = await HsmServer.listen({
    socketPath: settings.socketPath,
    now: () => systemClock.monotonic(),
    maxWaiting: MAX_WAITING,
    maxConnections: MAX_CONNECTIONS,
    socketGroup: settings.socketGroup,
    admit: (socket) => peers.admit(credentialsOf(socket)),
    execute: (name, request, caller) => service.execute(name, request, caller),
    isFatal: (error) =>
      error instanceof TokenLostError || (error instanceof HsmError && error.code === 'HSM_WRONG_USER_PIN'),
    onDefect: (operation, error) => {
      const kind = error instanceof Error ? error.name : typeof error;
      // Not the message: it may quote what the request held.
      log.error({ event: 'hsm.defect', operation, kind, at: placeOf(error) }, 'a request met a defect');
    },
    onTurnEnd: () => service.endTurn(),
    onFatal: stop,
    onBadPeer: (error) => log.warn({ event: 'hsm.bad-peer', reason: error.message }, 'peer disconnected'),
  });
  onShutdown(async () => {
    await server.close();
    service.close();
  });
  watchToken(service, settings.hangMs);
  log.info({ event: 'hsm.ready', keys: service.keys }, 'HSM process serves');
  announceReady({ socket: settings.socketPath, keys: service.keys });
}

try {
  await serve(readSettings(process.env));
} catch (error) {
  stop(error);
}
