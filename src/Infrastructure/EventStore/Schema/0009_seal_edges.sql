-- The last facts of a log are in no whole tile yet. Their hashes are kept with the heads that sign them, so that a change is found
-- to the fact there, too, and not to the head alone.
alter table events_own.audit_head add column leaves bytea;

-- Hashes do not compress.
alter table events_own.audit_head alter column leaves set storage external;

comment on column events_own.audit_head.leaves is
  'Hashes of the leaves since the head before that are in no whole tile, 32 bytes each; null in heads from before this column';
