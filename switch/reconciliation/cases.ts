import type { ClientBase } from 'pg';
import { type CaseAction, type CaseKind, isCaseAction, isRepair } from '../cases/case-kinds.ts';
import { ReconError } from './errors.ts';

export type CaseState = 'open' | 'proposed' | 'approved' | 'resolved';

/** Something that people, or a safe repair, must put right. */
export interface Case {
  readonly id: number;
  readonly kind: CaseKind;
  readonly subject: string;
  readonly transaction: string | null;
  readonly network: string | null;
  readonly business_date: string | null;
  readonly currency: string | null;
  readonly amount: number | null;
  readonly state: CaseState;
  readonly suggested_action: CaseAction;
  readonly is_automatic: boolean;
  readonly action: CaseAction | null;
  readonly proposed_by: string | null;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly opened_at: string;
  readonly version: number;
}

export interface CaseEvent {
  readonly version: number;
  readonly at: string;
  readonly what: 'opened' | 'reopened' | 'proposed' | 'approved' | 'resolved';
  readonly by: string;
  readonly action: CaseAction | null;
  readonly note: string | null;
}

/** What somebody does about a case. */
export interface CaseStep {
  readonly what: CaseEvent['what'];
  readonly by: string;
  readonly action: CaseAction | null;
  readonly note?: string;
  /** Where the case is opened anew: what it looks like now. */
  readonly anew?: Pick<Case, 'amount' | 'suggested_action' | 'is_automatic'> & { readonly evidence: object };
}

/** Where a step leads. */
const STATE_AFTER: Readonly<Record<CaseEvent['what'], CaseState>> = {
  opened: 'open',
  reopened: 'open',
  proposed: 'proposed',
  approved: 'approved',
  resolved: 'resolved',
};

const STEP = `
  with changed as (
    update switch.recon_case set state = $3, action = $4, version = version + 1,
        proposed_by = case when $5 = 'proposed' then $6 when $5 = 'reopened' then null else proposed_by end,
        evidence = coalesce($8, evidence), amount = coalesce($9, amount),
        suggested_action = coalesce($10, suggested_action), is_automatic = coalesce($11, is_automatic)
      where id = $1 and version = $2
      returning id, version
  )
  insert into switch.recon_case_event (id, version, at, what, by, action, note, evidence)
    select id, version, now(), $5, $6, $4, $7, $8 from changed`;

/** @throws ReconError SW_RECON_CASE_UNKNOWN */
export async function readCase(client: ClientBase, id: number): Promise<Case> {
  const [found] = await caseRows(client, 'c.id = $1', [id]);
  if (!found) throw new ReconError('SW_RECON_CASE_UNKNOWN', { case: id });
  return found;
}

/** The oldest first. */
export function listCases(client: ClientBase, states: readonly CaseState[], limit: number): Promise<Case[]> {
  return caseRows(client, 'c.state = any ($1::text[]) order by c.id limit $2', [states, limit]);
}

export async function caseRows(
  client: ClientBase,
  where: string,
  values: readonly unknown[],
): Promise<Case[]> {
  const text = `select row_to_json(c) as row from switch.recon_case c where ${where}`;
  const { rows } = await client.query<{ row: Case }>(text, [...values]);
  return rows.map(({ row }) => row);
}

export async function caseHistory(client: ClientBase, id: number): Promise<CaseEvent[]> {
  const { rows } = await client.query<{ row: CaseEvent }>(
    `select row_to_json(e) as row from (
      select version, at, what, by, action, note from switch.recon_case_event where id = $1 order by version) e`,
    [id],
  );
  return rows.map(({ row }) => row);
}

/** Moves a case from the version that was looked at. @throws ReconError SW_RECON_CASE_CHANGED */
export async function stepCase(client: ClientBase, { id, version }: Case, step: CaseStep): Promise<void> {
  const { what, by, action, note, anew } = step;
  const { rowCount } = await client.query(STEP, [
    id,
    version,
    STATE_AFTER[what],
    action,
    what,
    by,
    note ?? null,
    anew ? JSON.stringify(anew.evidence) : null,
    anew?.amount ?? null,
    anew?.suggested_action ?? null,
    anew?.is_automatic ?? null,
  ]);
  if (rowCount !== 1) throw new ReconError('SW_RECON_CASE_CHANGED', { case: id });
}

/** What an operator asks for. */
export interface Resolution {
  readonly action?: string;
  readonly by: string;
  readonly approve: boolean;
  readonly note?: string;
}

/**
 * What a resolution does to a case: a proposal, or the approval of somebody else's. What is safe needs no second
 * person: its proposal is its approval.
 *
 * @throws ReconError SW_RECON_ACTION, SW_RECON_CASE_STATE, SW_RECON_SAME_PERSON
 */
export function stepOf(found: Case, resolution: Resolution): CaseStep {
  const { by, note } = resolution;
  const noted = note === undefined ? {} : { note };
  if (resolution.approve) {
    if (found.state !== 'proposed' || !found.action) throw wrongState(found, 'proposed');
    if (resolution.action !== undefined && resolution.action !== found.action) {
      throw new ReconError('SW_RECON_ACTION', { case: found.id, proposed: found.action });
    }
    if (isSamePerson(by, found.proposed_by)) throw new ReconError('SW_RECON_SAME_PERSON', { case: found.id });
    const what = isRepair(found.action) ? 'approved' : 'resolved';
    return { what, by, action: found.action, ...noted };
  }
  if (found.state === 'resolved') throw wrongState(found, 'open, proposed or approved');
  const action = resolution.action ?? found.suggested_action;
  if (!isCaseAction(action)) throw new ReconError('SW_RECON_ACTION', { case: found.id });
  if (isRepair(action) && !found.transaction) throw new ReconError('SW_RECON_ACTION', { case: found.id });
  const isSafe = found.is_automatic && action === found.suggested_action;
  return { what: isSafe ? 'approved' : 'proposed', by, action, ...noted };
}

function isSamePerson(one: string, other: string | null): boolean {
  const plain = (name: string) => name.normalize('NFKC').trim().toLowerCase();
  return other === null || plain(one) === plain(other);
}

function wrongState({ id, state }: Case, expected: string): ReconError {
  return new ReconError('SW_RECON_CASE_STATE', { case: id, state, expected });
}
