import type { EntryBodies } from './entries.ts';
import { foundAtNetwork } from './increments.ts';
import * as traces from './leg-traces.ts';
import type { Draft } from './state.ts';
import { knowTakenAlong } from './voids.ts';

/**
 * What the reconciliation found at a network or at the consensus, and has follow-ups repair. A repair gives the leg the
 * state in which its follow-up has something to do. To let the reconciliation send by itself was rejected: there would
 * be two who tell a network what is to stand.
 */
export function repaired(draft: Draft, { repair, networkMinorUnits }: EntryBodies['reconciled']): void {
  if (networkMinorUnits !== undefined) {
    traces.askedBeside(draft);
    foundAtNetwork(draft, networkMinorUnits);
    knowTakenAlong(draft);
    traces.found(draft.traces);
  }

  switch (repair) {
    case 'resend-reversal':
      draft.network = draft.standingMinorUnits > 0 ? 'approved' : 'unknown';
      break;
    case 'resend-advice':
      if (draft.tellings.length === 0 || draft.capturedMinorUnits !== undefined) {
        draft.network = 'to-advise';
      }
      draft.isBaseTold = false;
      draft.tellings = draft.tellings.map((each) => ({ ...each, isTold: false }));
      break;
    case 'initiate-proof':
      draft.pop = 'not-sent';
      delete draft.popMinorUnits;
      break;
    case 'cancel-proof':
      draft.pop = 'unknown';
  }
}
