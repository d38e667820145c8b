-- Which installation this database belongs to. One row, made once: a data folder of another installation is recognised by it.
create table events_own.installation (
  id         uuid        not null,
  created_at timestamptz not null default now(),
  only_row   boolean     not null default true,
  constraint pk_installation primary key (only_row),
  constraint ck_installation_only_row check (only_row)
);

comment on column events_own.installation.id is 'Random; given at the first start';
comment on column events_own.installation.created_at is 'UTC, by the database''s clock';
comment on column events_own.installation.only_row is 'Always true; keeps the table at one row';

insert into events_own.installation (id) values (gen_random_uuid());
