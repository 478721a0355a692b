import { Generator } from '../generator/generator.ts';
import type { Means } from '../means.ts';
import { Stage, type StageOrder } from './stage.ts';

const INTERRUPTED = 130;

/** Runs `work` on a started system and takes that down again, whatever happens: also at Ctrl-C, or when told to end. */
export async function onStage(order: StageOrder, work: (means: Means) => Promise<void>): Promise<void> {
  const stage = new Stage();
  const generator = new Generator();
  let stopped: Promise<void> | undefined;
  const stop = () => {
    generator.stop();
    stopped ??= stage.stop();
    return stopped;
  };
  const interrupt = () => {
    stop().then(
      () => process.exit(INTERRUPTED),
      () => process.exit(INTERRUPTED),
    );
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    await stage.start(order);
    if (!stage.putFirst([generator.pid()])) {
      order.say('generator and simulators may not go first here: their own waits are part of the latencies');
    }
    await work({ stage, generator, say: order.say });
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    await stop();
  }
}
