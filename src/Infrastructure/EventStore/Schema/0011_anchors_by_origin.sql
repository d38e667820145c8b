-- A log that was set back and goes on under another name may come to a head of the same size as one of before: what was shown and
-- what came back for it is of that name, and has a row of its own. Older rows are told apart by the note in their receipt.
alter table events_own.audit_anchor add column origin text not null default '';
alter table events_own.audit_anchor drop constraint pk_audit_anchor;
alter table events_own.audit_anchor add constraint pk_audit_anchor primary key (size, sink, origin);

comment on column events_own.audit_anchor.origin is 'The log''s name in the head; empty in rows of programs that did not keep it';

create or replace function events_own.guard_anchor() returns trigger language plpgsql as $$
begin
  if (new.origin, new.size, new.sink, new.sent_at, new.receipt)
    is distinct from (old.origin, old.size, old.sink, old.sent_at, old.receipt) then
    raise exception using
      errcode = 'EV002',
      message = format('Of an anchor only the state may change: %s on %s.%s is refused.', tg_op, tg_table_schema, tg_table_name);
  end if;
  return new;
end
$$;
