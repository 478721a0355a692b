-- A case that reconciliation opens, or opens anew, is an alert in the same commit. The kinds that a transaction's own
-- entries ask for have theirs already: a follow-up raises it, whether or not anything is projected.
create function switch.alert_of_case() returns trigger language plpgsql as $$
begin
  insert into switch.alert (key, kind, scenario, subject, summary, transaction)
    values (
      'case:' || new.id || ':' || new.version,
      'case',
      'inconsistency',
      'case ' || new.kind,
      'case ' || new.id || case new.version when 1 then ' was opened' else ' was opened anew' end
        || coalesce(', network ' || new.network, ''),
      new.transaction
    );
  return null;
end $$;
create trigger alert_of_opened after insert on switch.recon_case for each row
  when (new.kind not in ('pop-rejected', 'pop-stands', 'reversal-refused', 'advice-refused'))
  execute function switch.alert_of_case();
create trigger alert_of_reopened after update of state on switch.recon_case for each row
  when (old.state = 'resolved' and new.state = 'open')
  execute function switch.alert_of_case();
grant insert on switch.alert to etika_projector, etika_reconciler;
