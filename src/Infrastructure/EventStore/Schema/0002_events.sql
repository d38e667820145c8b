-- The log: one row per fact. Columns, their order and all names are Marten 9's; nothing of ours is added.
create sequence events.mt_events_sequence;

create table events.mt_events (
  seq_id         bigint       not null,
  id             uuid         not null,
  stream_id      varchar,
  version        bigint       not null,
  data           jsonb        not null,
  bdata          bytea,
  type           varchar(500) not null,
  timestamp      timestamptz  not null default now(),
  tenant_id      varchar      default '*DEFAULT*',
  mt_dotnet_type varchar,
  correlation_id varchar,
  causation_id   varchar,
  headers        jsonb,
  user_name      varchar,
  is_archived    boolean      default false,
  constraint pkey_mt_events_seq_id primary key (seq_id),
  constraint fkey_mt_events_stream_id foreign key (stream_id) references events.mt_streams (id) on delete cascade
);

create unique index pk_mt_events_stream_and_version on events.mt_events (stream_id, version);

alter sequence events.mt_events_sequence owned by events.mt_events.seq_id;

comment on column events.mt_events.seq_id is 'Place in the whole log; rises in commit order, gaps are allowed';
comment on column events.mt_events.id is 'UUID version 7 of the fact';
comment on column events.mt_events.stream_id is 'Category, hyphen, key: camera-0199...';
comment on column events.mt_events.version is 'Place in its own stream, from 1, without gaps';
comment on column events.mt_events.data is 'The fact''s body: camelCase, enums as text, no type marker';
comment on column events.mt_events.bdata is 'Unused here; bodies are JSON';
comment on column events.mt_events.type is 'Stored name: camera_registered';
comment on column events.mt_events.timestamp is 'UTC, by the appending host''s clock; never falls within one host process';
comment on column events.mt_events.tenant_id is 'Unused here; one tenancy';
comment on column events.mt_events.mt_dotnet_type is 'Namespace.Type, Assembly; without a version';
comment on column events.mt_events.correlation_id is 'The same for everything that one request led to';
comment on column events.mt_events.causation_id is 'The command or fact that led here; null when a person did';
comment on column events.mt_events.headers is 'Plain object of small text values';
comment on column events.mt_events.user_name is 'An account''s id or system';
comment on column events.mt_events.is_archived is 'Unused here; facts are never archived';
