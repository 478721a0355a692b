import { OUTBOX_LANES } from '../fallback/notices/outbox.ts';
import { networkLane, POP_LANE } from '../transaction/decision-entry.ts';

/** Every lane that a node with these networks works on. */
export function followUpLanes(networks: Iterable<string>): string[] {
  return [...Array.from(networks, networkLane), POP_LANE, ...new Set(Object.values(OUTBOX_LANES))];
}
