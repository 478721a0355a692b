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
