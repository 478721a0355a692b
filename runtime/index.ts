export type { Clock, Monotonic, Timer } from './clock.ts';
export { systemClock } from './clock.ts';
export type { Log } from './log.ts';
export { createLog, silentLog } from './log.ts';
export type { Random } from './random.ts';
export { systemRandom, timeOrderedUuid } from './random.ts';
export type { Address, Connection, ConnectionHandlers, Listener, Sockets } from './sockets.ts';
export { tcpSockets } from './sockets.ts';
