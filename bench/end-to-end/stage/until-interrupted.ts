const INTERRUPTED = 130;

/**
 * Does `work` and then `takeDown`, whatever happens: also at Ctrl-C, or when told to end, which ends the process. A
 * second Ctrl-C changes nothing, and npm passes each on a second time: a process that it ended would leave PostgreSQL
 * behind, which has a session of its own.
 */
export async function untilInterrupted(
  takeDown: () => Promise<void>,
  work: () => Promise<void>,
): Promise<void> {
  let down: Promise<void> | undefined;
  const takeDownOnce = () => {
    down ??= takeDown();
    return down;
  };
  let isInterrupted = false;
  const interrupt = () => {
    if (isInterrupted) return;
    isInterrupted = true;
    takeDownOnce().then(
      () => process.exit(INTERRUPTED),
      () => process.exit(INTERRUPTED),
    );
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    await work();
  } finally {
    await takeDownOnce();
    // Whoever interrupts ends the process, once everything is down.
    if (isInterrupted) await new Promise<never>(() => {});
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
