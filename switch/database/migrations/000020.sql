-- What all nodes have in common (docs/shared-settings.md): terminals, merchants, keys by name, routes, networks' data. Each
-- version is kept for ever, and the highest is in force; going back writes an earlier one again, under a number of its own.
-- Only `etika_settings` writes them, a role that no process of the switch can become.
do $$
begin
  begin
    create role etika_settings nologin;
  exception
    when duplicate_object or unique_violation then null;
  end;
  if not pg_has_role(current_user, 'etika_settings', 'SET') then
    execute format('grant etika_settings to %I with inherit false', current_user);
  end if;
end $$;
grant usage on schema switch to etika_settings;

create table switch.settings_version (
  version integer primary key check (version > 0),
  content jsonb not null,
  fingerprint text not null,              -- SHA-256 of the content's canonical text, hex
  applied_at timestamptz not null default now(),
  applied_by text not null check (length(applied_by) between 1 and 64),
  why text not null check (length(why) <= 500)
);
grant select, insert on switch.settings_version to etika_settings;
grant select on switch.settings_version to etika_switch, etika_auditor;

-- Which version each process follows, and why not the one in force where it is another.
create table switch.settings_follower (
  process text primary key check (length(process) between 1 and 80),
  version integer not null,               -- 0: its own file's
  seen_at timestamptz not null default now(),
  problem text check (length(problem) <= 2000)
);
grant select, insert, update on switch.settings_follower to etika_switch;
grant select on switch.settings_follower to etika_settings, etika_auditor;
