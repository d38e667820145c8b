-- One row per stream: the newest version of each aggregate. Columns and names are Marten 9's; nothing of ours is added.
create schema if not exists events;

create table events.mt_streams (
  id          varchar     not null,
  type        varchar,
  version     bigint,
  timestamp   timestamptz not null default now(),
  created     timestamptz not null default now(),
  tenant_id   varchar     default '*DEFAULT*',
  is_archived boolean     default false,
  constraint pkey_mt_streams_id primary key (id)
);

comment on column events.mt_streams.id is 'Category, hyphen, key: camera-0199...';
comment on column events.mt_streams.type is 'Category of the aggregate: camera';
comment on column events.mt_streams.version is 'Facts in the stream; the version of its newest fact';
comment on column events.mt_streams.timestamp is 'UTC, of the newest append, by the appending host''s clock';
comment on column events.mt_streams.created is 'UTC, of the first append, by the appending host''s clock';
comment on column events.mt_streams.tenant_id is 'Unused here; one tenancy';
comment on column events.mt_streams.is_archived is 'Unused here; streams are never archived';
