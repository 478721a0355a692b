import type { ClientBase } from 'pg';
import type { CaseKind } from '../cases/case-kinds.ts';
import { openCases } from '../cases/open-cases.ts';
import { type Case, caseRows, stepCase } from './cases.ts';
import type { Difference } from './difference.ts';
import type { Standing } from './ledgers/records.ts';

/** What a run looked at: a case in here whose difference is gone is over. */
export interface Scope {
  readonly date: string | null;
  readonly networks: ReadonlySet<string>;
  readonly withoutHolds: ReadonlySet<string>;
  readonly hasProofs: boolean;
}

const RECONCILIATION = 'reconciliation';

const PROOF_KINDS: ReadonlySet<CaseKind> = new Set<CaseKind>([
  ...(['proof-missing', 'pop-rejected', 'proof-amount-differs', 'proof-of-nothing', 'pop-stands'] as const),
  ...(['proof-unknown-purchase', 'proof-not-final'] as const),
]);

/**
 * Opens a case for every difference that has none, opens those anew that come back or are no longer what was decided
 * on, and resolves those whose difference is gone.
 *
 * @param present every difference that was found, under way or not
 * @param due those of them that must have a case
 * @returns the cases of `present`, by kind and subject
 */
export async function recordDifferences(
  client: ClientBase,
  present: readonly Difference[],
  due: readonly Difference[],
  scope: Scope,
): Promise<ReadonlyMap<string, Case>> {
  await openCases(client, due.map(draftOf), RECONCILIATION);
  const known = await casesInScope(client, scope, present);
  const isPresent = new Set(present.map(caseKey));
  const isDue = new Map(due.map((difference) => [caseKey(difference), difference]));
  for (const found of known) {
    const key = caseKey(found);
    const difference = isDue.get(key);
    if (difference && !stillHolds(found, difference)) await reopen(client, found, difference);
    else if (!isPresent.has(key) && found.state !== 'resolved' && isCompared(found, scope)) {
      const note = 'the ledgers no longer differ';
      await stepCase(client, found, { what: 'resolved', by: RECONCILIATION, action: found.action, note });
    }
  }
  const cases = await casesInScope(client, scope, present);
  return new Map(
    cases.filter((found) => isPresent.has(caseKey(found))).map((found) => [caseKey(found), found]),
  );
}

export function caseKey({ kind, subject }: Pick<Difference, 'kind' | 'subject'>): string {
  return `${kind}|${subject}`;
}

/** The case is about this very difference, and if it is resolved, then by people who let the difference be. */
function stillHolds({ state, action, amount }: Case, difference: Difference): boolean {
  if (amount !== difference.amount) return false;
  return state !== 'resolved' || action === 'accept' || action === 'by-hand';
}

function reopen(client: ClientBase, found: Case, difference: Difference): Promise<void> {
  const { evidence, amount, suggested_action, is_automatic } = draftOf(difference);
  const anew = { evidence, amount, suggested_action, is_automatic };
  return stepCase(client, found, { what: 'reopened', by: RECONCILIATION, action: null, anew });
}

function casesInScope(client: ClientBase, { date }: Scope, present: readonly Difference[]): Promise<Case[]> {
  const subjects = present.map(({ subject }) => subject);
  return caseRows(
    client,
    `(c.state <> 'resolved' and ($1::date is null or c.business_date = $1)) or c.subject = any ($2::text[])`,
    [date, subjects],
  );
}

/** Whether this run would have found the difference, were it still there. */
function isCompared({ kind, network, evidence }: Case, scope: Scope): boolean {
  if (kind === 'batch-out-of-balance') return false;
  if (PROOF_KINDS.has(kind)) return scope.hasProofs;
  const expected = evidence['expected'] as Standing | undefined;
  if (expected && expected.held > 0 && scope.withoutHolds.has(network ?? '')) return false;
  return scope.networks.has(network ?? '');
}

function draftOf(difference: Difference) {
  const { kind, subject, transaction, network, businessDate, currency, amount, evidence } = difference;
  return {
    kind,
    subject,
    network,
    currency,
    amount,
    evidence,
    business_date: businessDate,
    transaction: transaction?.transaction ?? null,
    suggested_action: difference.action,
    is_automatic: difference.isAutomatic,
  };
}
