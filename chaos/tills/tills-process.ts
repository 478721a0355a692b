import type { FromTills, ToTills } from './account.ts';
import { Tills } from './tills.ts';

/** The tills of a run, a process of their own: what they measure must not wait for what watches and breaks things. */
let tills: Tills | undefined;

process.on('message', (message: ToTills) => {
  handle(message).then(tell, (error: unknown) => tell({ failed: String(error) }));
});
process.once('disconnect', () => process.exit(0));
// A signal to the whole group is acted upon by whoever started this.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});

async function handle(message: ToTills): Promise<FromTills> {
  if ('open' in message) {
    tills = new Tills(message.open);
    return { opened: true };
  }
  if (!tills) return { failed: 'no till is open' };
  return { account: 'account' in message ? tills.account() : await tills.settle(message.settleWithinMs) };
}

function tell(message: FromTills): void {
  process.send?.(message);
}
