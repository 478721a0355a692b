-- Proofs that were accepted and wait for their finality (docs/architecture.md, "The follow-ups"). The projector fills and
-- empties the table from what the journal says, so that it can be made again; sweepers claim rows of it in sets. Whoever
-- claims rows puts them off: one that dies leaves them to be claimed again.
create table switch.awaited_proof (
  transaction uuid primary key,
  validation text not null,               -- by which the consensus knows it
  version integer not null,               -- of the transaction: what is appended comes next
  accepted_version integer not null,      -- of the entry that says that the proof was accepted
  accepted_at timestamptz not null,
  due_at timestamptz not null,            -- may be claimed from then on
  attempt integer not null default 0,     -- how often it was claimed
  is_handed_over boolean not null default false -- a follow-up of its own sees it through
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
create index awaited_proof_due on switch.awaited_proof (due_at) where not is_handed_over;
grant select, insert, update, delete, truncate on switch.awaited_proof to etika_projector;
grant select, update (due_at, attempt, is_handed_over) on switch.awaited_proof to etika_switch;

-- Gives proofs on which the consensus did not answer as usual to the follow-up that deals with them: once each.
create function switch.hand_over_proofs(p_transactions uuid[], p_task text, p_lane text) returns uuid[]
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  v_taken uuid[];
begin
  with taken as (
    update switch.awaited_proof a set is_handed_over = true
      where a.transaction = any (p_transactions) and not a.is_handed_over
      returning a.transaction
  )
  select coalesce(array_agg(t.transaction), '{}') into v_taken from taken t;
  if v_taken = '{}' then
    return v_taken;
  end if;
  insert into graphile_worker._private_tasks (identifier)
    select p_task || '@' || p_lane
    where not exists (select from graphile_worker._private_tasks t where t.identifier = p_task || '@' || p_lane)
    on conflict do nothing;
  insert into graphile_worker._private_jobs (task_id, payload, run_at, max_attempts)
    select t.id,
      json_build_object(
        'transaction', h.transaction, 'lane', p_lane, 'attempt', 1,
        'position', nextval('switch.follow_up_position'),
        'behind', exists (
            select from graphile_worker._private_jobs q
              where q.payload ->> 'transaction' = h.transaction::text and q.payload ->> 'lane' = p_lane
          ) or exists (
            select from switch.parked_follow_up p where p.transaction = h.transaction and p.lane = p_lane
          )
      ),
      now(), 32767
    from unnest(v_taken) as h (transaction)
    join graphile_worker._private_tasks t on t.identifier = p_task || '@' || p_lane;
  perform pg_notify('jobs:insert', json_build_object('r', random(), 'count', cardinality(v_taken))::text);
  return v_taken;
end $$;

-- A row of the projection is written again when its proof is final, mostly with its neighbours and in one statement. With as
-- much room beside it that needs no new entry in any index, and a third of the log.
alter table switch.projected_transaction set (fillfactor = 50);

-- Jobs live for a moment. Who looks for the next one passes by those that ended until they are vacuumed away.
alter table graphile_worker._private_jobs
  set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
