-- The log is append-only for every role, the owner and superusers included: no statement changes or removes a fact.
-- Statement-level triggers also see the deletes and truncates that cascade from mt_streams. ENABLE ALWAYS keeps them at
-- work under session_replication_role = replica. SQLSTATE class EV is ours: EV001 is this refusal.
create function events_own.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception using
    errcode = 'EV001',
    message = format('The log is append-only: %s on %s.%s is refused.', tg_op, tg_table_schema, tg_table_name),
    hint = 'Facts are never changed or removed. Append a fact that corrects the earlier one.';
end
$$;

create trigger events_append_only
  before update or delete or truncate on events.mt_events
  for each statement execute function events_own.refuse_change();

alter table events.mt_events enable always trigger events_append_only;
