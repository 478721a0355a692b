import { Asking } from './asking.ts';
import type { Answered, Requests } from './requests.ts';

/** The applications, a process of their own beside that of the terminals: built first, then started. */
export type ToApplications = { readonly prepare: Requests } | { readonly start: true };
export type FromApplications =
  | { readonly prepared: true }
  | { readonly answered: Answered }
  | { readonly failed: string };

let asking: Asking | undefined;

process.on('message', (message: ToApplications) => {
  handle(message).then(tell, (error: unknown) => tell({ failed: String(error) }));
});
process.once('disconnect', () => process.exit(0));
// A signal to the whole group is the bench's to act upon.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});

async function handle(message: ToApplications): Promise<FromApplications> {
  if ('prepare' in message) {
    asking = new Asking(message.prepare);
    return { prepared: true };
  }
  if (!asking) return { failed: 'nothing was prepared' };
  const answered = await asking.run();
  asking = undefined;
  return { answered };
}

function tell(message: FromApplications): void {
  process.send?.(message);
}
