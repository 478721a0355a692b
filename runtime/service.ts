/** What a service tells its supervisor once it can serve: addresses, identifiers. */
export type ReadyDetails = Record<string, string | number | boolean>;

export interface ReadyMessage {
  ready: ReadyDetails;
}

/** Tells the supervising process, where there is one, that this service can serve now. */
export function announceReady(details: ReadyDetails): void {
  const message: ReadyMessage = { ready: details };
  process.send?.(message);
}

/**
 * Runs `close` once when this process is asked to stop: SIGTERM, SIGINT, or the supervisor's death
 * (its channel closes), so that no service outlives the one that started it. Exits 0 after `close`,
 * 1 where it failed or took longer than `deadlineMs`.
 */
export function onShutdown(close: () => Promise<void>, deadlineMs = 5_000): void {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), deadlineMs).unref();
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (process.channel) {
    process.once('disconnect', stop);
    process.channel.unref();
  }
}
