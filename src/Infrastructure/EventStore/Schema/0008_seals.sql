-- Seals: what makes the log provable. A Merkle tree over all facts (RFC 9162), its signed heads, and where they were shown.
-- Rows are only ever inserted; SQLSTATE EV002 is that refusal. Whoever disables a trigger is found by the tree itself.
create table events_own.audit_tile (
  level     int    not null,
  n         bigint not null,
  hashes    bytea  not null,
  first_seq bigint not null,
  last_seq  bigint not null,
  constraint pk_audit_tile primary key (level, n),
  constraint ck_audit_tile_whole check (octet_length(hashes) = 8192)
);

-- Hashes do not compress; a proof reads few of them.
alter table events_own.audit_tile alter column hashes set storage external;

comment on column events_own.audit_tile.level is '0: leaves. Above: each hash is the root over one whole tile of the level below';
comment on column events_own.audit_tile.n is 'Number within the level, from 0';
comment on column events_own.audit_tile.hashes is '256 hashes of 32 bytes';
comment on column events_own.audit_tile.first_seq is 'Position of the first fact below it';
comment on column events_own.audit_tile.last_seq is 'Position of the last fact below it';

create table events_own.audit_head (
  size         bigint      not null,
  root         bytea       not null,
  last_seq     bigint      not null,
  frontier     bytea       not null,
  leaf_version int         not null,
  signed_at    timestamptz not null,
  note         text        not null,
  constraint pk_audit_head primary key (size)
);

comment on column events_own.audit_head.size is 'Facts in the tree';
comment on column events_own.audit_head.root is 'SHA-256, 32 bytes';
comment on column events_own.audit_head.last_seq is 'Position of the last fact in the tree';
comment on column events_own.audit_head.frontier is 'Roots of the whole subtrees, largest first, 32 bytes each';
comment on column events_own.audit_head.leaf_version is 'How the newest leaves are made: which columns, in which form';
comment on column events_own.audit_head.signed_at is 'UTC, by the sealing host''s clock; rises with size';
comment on column events_own.audit_head.note is 'C2SP signed note: origin, size, root, signatures';

create table events_own.audit_anchor (
  size    bigint      not null,
  sink    text        not null,
  sent_at timestamptz not null default now(),
  state   text        not null,
  receipt bytea,
  constraint pk_audit_anchor primary key (size, sink)
);

comment on column events_own.audit_anchor.size is 'Of the head that was shown outside';
comment on column events_own.audit_anchor.sink is 'To whom: a name from the settings';
comment on column events_own.audit_anchor.sent_at is 'UTC, by the database''s clock';
comment on column events_own.audit_anchor.state is 'pending, done or failed; the one column that changes';
comment on column events_own.audit_anchor.receipt is 'What came back; null without an answer';

create table events_own.audit_key (
  vkey      text   not null,
  from_size bigint not null,
  to_size   bigint,
  state     text   not null,
  constraint pk_audit_key primary key (vkey, state)
);

comment on column events_own.audit_key.vkey is 'Public key as name+id+base64. For convenience: compare with what you hold yourself';
comment on column events_own.audit_key.from_size is 'Heads above this size are signed with it';
comment on column events_own.audit_key.to_size is 'The last size that it signed; null while it is in use';
comment on column events_own.audit_key.state is 'active, retired or compromised: one row for each that it came to be';

create table events_own.audit_gap (
  from_seq bigint not null,
  to_seq   bigint not null,
  why      text   not null,
  constraint pk_audit_gap primary key (from_seq)
);

comment on column events_own.audit_gap.from_seq is 'First of the numbers that no fact has';
comment on column events_own.audit_gap.to_seq is 'Last of them';
comment on column events_own.audit_gap.why is 'What became of them';

create function events_own.refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception using
    errcode = 'EV002',
    message = format('Seals are append-only: %s on %s.%s is refused.', tg_op, tg_table_schema, tg_table_name),
    hint = 'They prove the log; whoever changed them would only make it unprovable.';
end
$$;

create function events_own.guard_anchor() returns trigger language plpgsql as $$
begin
  if (new.size, new.sink, new.sent_at, new.receipt) is distinct from (old.size, old.sink, old.sent_at, old.receipt) then
    raise exception using
      errcode = 'EV002',
      message = format('Of an anchor only the state may change: %s on %s.%s is refused.', tg_op, tg_table_schema, tg_table_name);
  end if;
  return new;
end
$$;

create trigger audit_append_only before update or delete or truncate on events_own.audit_tile
  for each statement execute function events_own.refuse_audit_change();
create trigger audit_append_only before update or delete or truncate on events_own.audit_head
  for each statement execute function events_own.refuse_audit_change();
create trigger audit_append_only before update or delete or truncate on events_own.audit_key
  for each statement execute function events_own.refuse_audit_change();
create trigger audit_append_only before update or delete or truncate on events_own.audit_gap
  for each statement execute function events_own.refuse_audit_change();
create trigger audit_append_only before delete or truncate on events_own.audit_anchor
  for each statement execute function events_own.refuse_audit_change();
create trigger audit_anchor_state before update on events_own.audit_anchor
  for each row execute function events_own.guard_anchor();

alter table events_own.audit_tile enable always trigger audit_append_only;
alter table events_own.audit_head enable always trigger audit_append_only;
alter table events_own.audit_key enable always trigger audit_append_only;
alter table events_own.audit_gap enable always trigger audit_append_only;
alter table events_own.audit_anchor enable always trigger audit_append_only;
alter table events_own.audit_anchor enable always trigger audit_anchor_state;
