-- What people said of views: which stand still, which are being built anew, which facts they pass over. Who said so, and why, is
-- in the log; this is what the loops read.
create table events_own.view_control (
  checkpoint    text        not null,
  is_paused     boolean     not null default false,
  rebuild_stamp text,
  changed_at    timestamptz not null default now(),
  constraint pk_view_control primary key (checkpoint)
);

comment on column events_own.view_control.checkpoint is 'The view''s row of mt_event_progression';
comment on column events_own.view_control.is_paused is 'Whether it stands still because somebody said so';
comment on column events_own.view_control.rebuild_stamp is
  'Which program began to build it anew; only the same one goes on where it was. Null when none is under way';
comment on column events_own.view_control.changed_at is 'UTC, by the database''s clock';

create table events_own.parked_fact (
  checkpoint text        not null,
  position   bigint      not null,
  parked_at  timestamptz not null default now(),
  constraint pk_parked_fact primary key (checkpoint, position)
);

comment on column events_own.parked_fact.checkpoint is 'The view that passes over it';
comment on column events_own.parked_fact.position is 'The fact''s';
comment on column events_own.parked_fact.parked_at is 'UTC, by the database''s clock';
