import { buildFrames } from './frames.ts';
import { Offering } from './offering.ts';
import type { Answers, Traffic } from './traffic.ts';

/**
 * The load generator, a process of its own: it builds every frame of the case it is told, says so, and offers them when
 * it is told to start. It knows bytes and counts; what they mean is the bench's to judge.
 */
export type ToGenerator = { readonly prepare: Traffic } | { readonly start: true };
export type FromGenerator =
  | { readonly prepared: true }
  | { readonly answers: Answers }
  | { readonly failed: string };

let offering: Offering | undefined;

process.on('message', (message: ToGenerator) => {
  handle(message).then(tell, (error: unknown) => tell({ failed: String(error) }));
});
process.once('disconnect', () => process.exit(0));
// A signal to the whole group is the bench's to act upon.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});

async function handle(message: ToGenerator): Promise<FromGenerator> {
  if ('prepare' in message) {
    offering = new Offering(message.prepare, buildFrames(message.prepare));
    await offering.open();
    return { prepared: true };
  }
  if (!offering) return { failed: 'nothing was prepared' };
  const answers = await offering.run();
  offering = undefined;
  return { answers };
}

function tell(message: FromGenerator): void {
  process.send?.(message);
}
