import type { Log } from '../../runtime/index.ts';
import type { NewEntry } from '../journal/journal.ts';
import type { DecidedBody, EntryKind } from '../transaction/entries.ts';

/** The four ways in which a payment falls back; docs/fallback.md has a runbook for each. */
export type FallbackScenario =
  /** Nothing was sent to the network: stood in for and advised later, or declined at once. */
  | 'network-failure'
  /** The financial leg stands; its proof is initiated or looked up until it is final. */
  | 'blockchain-failure'
  /** The network did not answer in time: declined, and both legs undone until they acknowledge. */
  | 'timeout'
  /** What two parties say does not agree, and no rule decides: an alert, and a case for people. */
  | 'inconsistency';

/** What a decision shows. Several may hold at once; none where all went well, or the switch itself refused. */
export function scenariosOf({
  network,
  pop,
  approved,
  caseKind,
}: Pick<DecidedBody, 'network' | 'pop' | 'approved' | 'caseKind'>): FallbackScenario[] {
  const found: FallbackScenario[] = [];
  if (network.status === 'unreachable' && !isOwnRefusal(network.reason)) found.push('network-failure');
  if (network.status === 'unknown') found.push('timeout');
  if (approved && (pop.status === 'unreachable' || pop.status === 'unknown')) {
    found.push('blockchain-failure');
  }
  if (caseKind !== undefined) found.push('inconsistency');
  return found;
}

/** A leg that was never opened because the switch refused the request carries the code of the refusal. */
function isOwnRefusal(reason: string): boolean {
  return reason.startsWith('SW_');
}

/** What was seen since the node started, as log lines and as counts. */
export class ScenarioTally {
  readonly #log: Log;
  readonly #counts: Record<FallbackScenario, number> = {
    'network-failure': 0,
    'blockchain-failure': 0,
    timeout: 0,
    inconsistency: 0,
  };

  constructor(log: Log) {
    this.#log = log;
  }

  counts(): Readonly<Record<FallbackScenario, number>> {
    return { ...this.#counts };
  }

  /** An entry is in the journal. */
  note({ transaction, kind, body }: Pick<NewEntry, 'transaction' | 'kind' | 'body'>): void {
    for (const scenario of seenIn(kind as EntryKind, body)) {
      this.#counts[scenario] += 1;
      this.#log.warn({ event: `fallback.${scenario}`, transaction, entry: kind });
    }
  }
}

function seenIn(kind: EntryKind, body: object): readonly FallbackScenario[] {
  if (kind === 'decided') return scenariosOf(body as DecidedBody);
  return INCONSISTENT.has(kind) ? ['inconsistency'] : [];
}

/** Entries that leave a case to people. */
const INCONSISTENT: ReadonlySet<EntryKind> = new Set<EntryKind>([
  'network-reversal-refused',
  'network-advice-refused',
  'pop-failed',
  'pop-stands',
]);
