-- Values that must not be in any fact: credentials of sources, sealed by the host before they come here.
create table events_own.protected_value (
  name       text        not null,
  value      bytea       not null,
  changed_at timestamptz not null default now(),
  constraint pk_protected_value primary key (name)
);

comment on column events_own.protected_value.name is 'What it belongs to: camera-0199.../source';
comment on column events_own.protected_value.value is 'Sealed by the host; bytes';
comment on column events_own.protected_value.changed_at is 'UTC';
