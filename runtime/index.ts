export { atDeadline } from './at-deadline.ts';
export type { Handshake } from './begun-handshakes.ts';
export { boundedLog } from './bounded-log.ts';
export type { UtcCalendar } from './calendar.ts';
export { utcCalendar } from './calendar.ts';
export type { Clock, Monotonic, Timer } from './clock.ts';
export { systemClock } from './clock.ts';
export { forbidCoreDumps } from './core-dumps.ts';
export { hostsOf } from './database-hosts.ts';
export { delay } from './delay.ts';
export { DAY_MS, HOUR_MS } from './durations.ts';
export { explain } from './explain.ts';
export type { HandshakeDoor } from './handshake-door.ts';
export { isOwnHost } from './host-header.ts';
export { LastingTrouble } from './lasting-trouble.ts';
export type { Log } from './log.ts';
export { createLog, openLog, silentLog } from './log.ts';
export type { LogLosses } from './log-sink.ts';
export type { Probe } from './probes.ts';
export { listenToProbes, PROBES, sometimes } from './probes.ts';
export { beginsProxyHeader } from './proxy-protocol.ts';
export type { Random } from './random.ts';
export { jitter, systemRandom, timeOrderedUuid, uuidBoundOf } from './random.ts';
export type { ReadyDetails } from './service.ts';
export { announceReady, onShutdown } from './service.ts';
export type {
  Address,
  Connection,
  ConnectionHandlers,
  Listener,
  ListenOptions,
  PeerCertificate,
  Sockets,
} from './sockets.ts';
export { tcpSockets } from './sockets.ts';
export type { ServicePlan, SupervisedService } from './supervisor.ts';
export { supervise } from './supervisor.ts';
export type {
  TlsMaterial,
  TlsOptions,
  TlsRefusal,
  TlsSockets,
} from './tls-sockets.ts';
export { tlsSockets, tlsStrength } from './tls-sockets.ts';
export { runTool, VERSION } from './tool.ts';
