import { Generator } from '../generator/generator.ts';
import type { Means } from '../means.ts';
import { Stage, type StageOrder } from './stage.ts';
import { untilInterrupted } from './until-interrupted.ts';

/** Runs `work` on a started system and takes that down again, whatever happens. */
export async function onStage(order: StageOrder, work: (means: Means) => Promise<void>): Promise<void> {
  const stage = new Stage();
  const generator = new Generator();
  let started: Promise<void> = Promise.resolve();
  const takeDown = async () => {
    generator.stop();
    stage.abort();
    await started.catch(() => {});
    await stage.stop();
  };
  await untilInterrupted(takeDown, async () => {
    started = stage.start(order);
    await started;
    if (!stage.putFirst([generator.pid()])) {
      order.say('generator and simulators may not go first here: their own waits are part of the latencies');
    }
    await work({ stage, generator, say: order.say });
  });
}
