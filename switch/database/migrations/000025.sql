-- Functions leave the planner to itself: it chooses by what the tables hold, which they are analysed often enough to say.
do $$
declare
  v_function regprocedure;
begin
  for v_function in
    select p.oid from pg_proc p where p.pronamespace = 'switch'::regnamespace and p.proconfig::text like '%enable_%'
  loop
    execute format('alter function %s reset all', v_function);
  end loop;
end $$;

-- One looks up some dozen keys in the midst of a flush. The planner takes them for a thousand and today's partitions for as
-- small as they were at midnight, and would read them whole until they are next analysed. There is an index for each key.
alter function switch.append_some(bigint, integer, text, text, text, bytea)
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off;
