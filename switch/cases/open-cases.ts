import type { ClientBase } from 'pg';
import type { CaseAction, CaseKind } from './case-kinds.ts';

/** A difference that people, or a safe repair, must put right. */
export interface CaseDraft {
  readonly kind: CaseKind;
  /** What it is about: a transaction, a batch, or the numbers of a record that nobody here knows. */
  readonly subject: string;
  readonly transaction: string | null;
  readonly network: string | null;
  /** YYYY-MM-DD. */
  readonly business_date: string | null;
  readonly currency: string | null;
  /** What is at stake, in minor units. */
  readonly amount: number | null;
  readonly suggested_action: CaseAction;
  /** The suggested action needs no second pair of eyes. */
  readonly is_automatic: boolean;
  /** What each side says. Card numbers masked. */
  readonly evidence: object;
}

const OPEN = `
  with opened as (
    insert into switch.recon_case as c (kind, subject, transaction, network, business_date, currency, amount,
        suggested_action, is_automatic, evidence, state, opened_at, version)
      select d.kind, d.subject, d.transaction, d.network, d.business_date, d.currency, d.amount,
        d.suggested_action, d.is_automatic, d.evidence, 'open', now(), 1
      from json_to_recordset($1) as d (kind text, subject text, transaction uuid, network text, business_date date,
        currency text, amount bigint, suggested_action text, is_automatic boolean, evidence json)
      on conflict (kind, subject) do nothing
      returning c.id, c.evidence
  )
  insert into switch.recon_case_event (id, version, at, what, by, evidence)
    select id, 1, now(), 'opened', $2, evidence from opened`;

/** Opens a case for each difference that has none yet, whatever became of it. @returns how many were opened */
export async function openCases(
  client: ClientBase,
  drafts: readonly CaseDraft[],
  by: string,
): Promise<number> {
  if (drafts.length === 0) return 0;
  return (await client.query(OPEN, [JSON.stringify(drafts), by])).rowCount ?? 0;
}
