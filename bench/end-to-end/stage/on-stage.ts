import { Generator } from '../generator/generator.ts';
import type { Means } from '../means.ts';
import { Stage, type StageOrder } from './stage.ts';

const INTERRUPTED = 130;

/**
 * Runs `work` on a started system and takes that down again, whatever happens: also at Ctrl-C, or when told to end. A
 * second Ctrl-C changes nothing, and npm passes each on a second time: a process that it ended would leave PostgreSQL
 * behind, which has a session of its own.
 */
export async function onStage(order: StageOrder, work: (means: Means) => Promise<void>): Promise<void> {
  const stage = new Stage();
  const generator = new Generator();
  let started: Promise<void> = Promise.resolve();
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= (async () => {
      generator.stop();
      stage.abort();
      await started.catch(() => {});
      await stage.stop();
    })();
    return stopped;
  };
  let isInterrupted = false;
  const interrupt = () => {
    if (isInterrupted) return;
    isInterrupted = true;
    stop().then(
      () => process.exit(INTERRUPTED),
      () => process.exit(INTERRUPTED),
    );
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    started = stage.start(order);
    await started;
    if (!stage.putFirst([generator.pid()])) {
      order.say('generator and simulators may not go first here: their own waits are part of the latencies');
    }
    await work({ stage, generator, say: order.say });
  } finally {
    await stop();
    // Whoever interrupts ends the process, once everything is down.
    if (isInterrupted) await new Promise<never>(() => {});
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
