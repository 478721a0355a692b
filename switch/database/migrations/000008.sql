-- A case that reconciliation opens, or opens anew, is an alert in the same commit. The kinds that a transaction's own
-- entries ask for have theirs already: a follow-up raises it, whether or not anything is projected.
create function switch.alert_of_case() returns trigger language plpgsql as $$
declare
  v_case switch.recon_case;
begin
  select * into strict v_case from switch.recon_case where id = new.id;
  if new.what = 'opened' and v_case.kind in ('pop-rejected', 'pop-stands', 'reversal-refused', 'advice-refused') then
    return null;
  end if;
  insert into switch.alert (key, kind, scenario, subject, summary, transaction)
    values (
      'case:' || new.id || ':' || new.version,
      'case',
      'inconsistency',
      'case ' || v_case.kind,
      'reconciliation ' || new.what || ' case ' || new.id || coalesce(', network ' || v_case.network, ''),
      v_case.transaction
    );
  return null;
end $$;
create trigger alert after insert on switch.recon_case_event
  for each row when (new.what in ('opened', 'reopened')) execute function switch.alert_of_case();
grant insert on switch.alert to etika_projector, etika_reconciler;
