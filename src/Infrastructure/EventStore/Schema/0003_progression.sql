-- How far each view has folded the log. Marten 9's tables, with its names of rows.
create table events.mt_event_progression (
  name         varchar     not null,
  last_seq_id  bigint,
  last_updated timestamptz default transaction_timestamp(),
  constraint pk_mt_event_progression primary key (name)
);

comment on column events.mt_event_progression.name is 'CameraView:All, CameraView:V2:All, HighWaterMark';
comment on column events.mt_event_progression.last_seq_id is 'Position of the last fact taken into account';
comment on column events.mt_event_progression.last_updated is 'UTC, by the database''s clock';

create table events.mt_high_water_skips (
  ending_sequence   bigint      not null,
  starting_sequence bigint      not null,
  timestamp         timestamptz default transaction_timestamp(),
  constraint pkey_mt_high_water_skips_ending_sequence primary key (ending_sequence)
);

comment on column events.mt_high_water_skips.ending_sequence is 'Last position of a skipped range; unused here';
comment on column events.mt_high_water_skips.starting_sequence is 'First position of a skipped range';
comment on column events.mt_high_water_skips.timestamp is 'UTC, by the database''s clock';
