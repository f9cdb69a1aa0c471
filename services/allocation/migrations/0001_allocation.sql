-- Runs, what they saw, the lines they made, and what became of them. State numbers are those of kubari.allocation.v1.

CREATE TABLE feed_cursor (
  network_id    uuid   PRIMARY KEY,
  next_position bigint NOT NULL CHECK (next_position >= 0)
);

-- state: RunState. `newest` is minus the time of creation in microseconds, so that one ascending index lists the newest first.
CREATE TABLE runs (
  network_id       uuid        NOT NULL,
  run_id           uuid        NOT NULL,
  newest           bigint      NOT NULL,
  title            text        NOT NULL,
  state            smallint    NOT NULL CHECK (state BETWEEN 1 AND 4),
  policy           smallint    NOT NULL,
  policy_version   text        NOT NULL,
  hand_over_date   date        NOT NULL,
  warehouses       uuid[]      NOT NULL,
  snapshot_hash    text        NOT NULL CHECK (snapshot_hash ~ '^[0-9a-f]{64}$'),
  result_hash      text        NOT NULL CHECK (result_hash ~ '^[0-9a-f]{64}$'),
  summary          jsonb       NOT NULL,
  answer_hours     integer     NOT NULL CHECK (answer_hours BETWEEN 1 AND 336),
  pick_up_hours    integer     NOT NULL CHECK (pick_up_hours BETWEEN 1 AND 720),
  answer_due_time  timestamptz,
  pick_up_due_time timestamptz,
  create_time      timestamptz NOT NULL,
  publish_time     timestamptz,
  creator          text        NOT NULL,
  -- Who published, and in which zone their days begin: reservations are made in their name.
  publisher        text        NOT NULL DEFAULT '',
  time_zone        text        NOT NULL,
  -- While PUBLISHING: which process makes the reservations, and until when it has it to itself.
  lease_owner      uuid,
  lease_until      timestamptz,
  version          bigint      NOT NULL DEFAULT 1,
  PRIMARY KEY (network_id, run_id),
  CHECK (state NOT IN (2, 3) OR (answer_due_time IS NOT NULL AND pick_up_due_time IS NOT NULL AND publish_time IS NOT NULL))
);
CREATE INDEX runs_newest ON runs (network_id, newest, run_id);
CREATE INDEX runs_publishing ON runs (network_id) WHERE state = 2;

-- The bytes whose SHA-256 is snapshot_hash. Never changed.
CREATE TABLE snapshots (
  network_id uuid  NOT NULL,
  run_id     uuid  NOT NULL,
  snapshot   bytea NOT NULL,
  PRIMARY KEY (network_id, run_id),
  FOREIGN KEY (network_id, run_id) REFERENCES runs
);

-- Who may not have the n-th distinct lot of the snapshot: two bytes (big-endian) for each group in the snapshot's order, a bit for each
-- code of libs/eligibility; 0: they go together. Never changed.
CREATE TABLE exclusions (
  network_id uuid    NOT NULL,
  run_id     uuid    NOT NULL,
  lot_index  integer NOT NULL CHECK (lot_index >= 0),
  codes      bytea   NOT NULL,
  PRIMARY KEY (network_id, run_id, lot_index),
  FOREIGN KEY (network_id, run_id) REFERENCES runs
);

-- state: LineState. `facts`: what people are shown and what never changes (kubari.allocation.v1.Line as JSON).
CREATE TABLE lines (
  network_id        uuid     NOT NULL,
  line_id           uuid     NOT NULL,
  run_id            uuid     NOT NULL,
  newest            bigint   NOT NULL,
  state             smallint NOT NULL CHECK (state BETWEEN 1 AND 8),
  group_id          uuid     NOT NULL,
  group_name        text     NOT NULL,
  lot_id            uuid     NOT NULL,
  place_id          uuid     NOT NULL,
  warehouse_id      uuid     NOT NULL,
  last_day          date,
  facts             jsonb    NOT NULL,
  -- Display name of the group that would have had the next case; shown only to those who may know of all groups.
  next_group        text     NOT NULL,
  items             bigint   NOT NULL CHECK (items >= 0),
  items_per_case    bigint   NOT NULL CHECK (items_per_case > 0),
  min_lot_items     bigint   NOT NULL,
  milli_person_days bigint   NOT NULL,
  zone              smallint NOT NULL,
  reason            text     NOT NULL DEFAULT '',
  -- Derived from the line's, the run's and the group's ids when publishing starts.
  reservation_id    uuid,
  delivery_id       uuid,
  -- As the ledger says; see domain/states.h.
  open_items        bigint   NOT NULL DEFAULT 0 CHECK (open_items >= 0),
  shipped_items     bigint   NOT NULL DEFAULT 0 CHECK (shipped_items >= 0),
  confirmed_items   bigint   NOT NULL DEFAULT 0 CHECK (confirmed_items >= 0),
  missing_items     bigint   NOT NULL DEFAULT 0 CHECK (missing_items >= 0),
  ship_time         timestamptz,
  -- An answer that was decided and is being told to the ledger: so many accepted (0: refused), so many given back.
  answer_items      bigint,
  answer_rest       bigint   NOT NULL DEFAULT 0,
  answer_reason     text     NOT NULL DEFAULT '',
  answer_subject    text     NOT NULL DEFAULT '',
  answer_time       timestamptz,
  -- The request that answered; stays when the answer is settled, so that its repetition is recognised.
  answer_request    uuid,
  version           bigint   NOT NULL DEFAULT 1,
  PRIMARY KEY (network_id, line_id),
  CONSTRAINT lines_one_per_share UNIQUE (network_id, run_id, group_id, lot_id, place_id),
  FOREIGN KEY (network_id, run_id) REFERENCES runs,
  CHECK (confirmed_items + missing_items <= shipped_items)
);
CREATE INDEX lines_of_run ON lines (network_id, run_id, group_name, line_id);
CREATE INDEX lines_newest ON lines (network_id, newest, run_id, group_name, line_id);
CREATE INDEX lines_of_group ON lines (network_id, group_id, newest, run_id, group_name, line_id);
CREATE UNIQUE INDEX lines_by_reservation ON lines (network_id, reservation_id) WHERE reservation_id IS NOT NULL;
CREATE INDEX lines_by_delivery ON lines (network_id, delivery_id, lot_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX lines_to_pick ON lines (network_id, warehouse_id) WHERE state = 3;
CREATE INDEX lines_promised ON lines (network_id) WHERE state IN (2, 3, 6);
CREATE INDEX lines_shipped ON lines (network_id, ship_time) WHERE state IN (6, 7);
CREATE INDEX lines_answered ON lines (network_id, answer_time) WHERE answer_items IS NOT NULL;

-- Which line an ISSUE of the ledger belongs to, so that its reversal finds it. Never changed.
CREATE TABLE shipments (
  network_id  uuid NOT NULL,
  movement_id uuid NOT NULL,
  line_id     uuid NOT NULL,
  PRIMARY KEY (network_id, movement_id),
  FOREIGN KEY (network_id, line_id) REFERENCES lines
);

-- What groups got without a line (free issues, direct deliveries, what other groups passed on), less what they gave away or back, by day
-- (UTC): the rest of their history.
CREATE TABLE handed_out (
  network_id        uuid   NOT NULL,
  group_id          uuid   NOT NULL,
  day               date   NOT NULL,
  milli_person_days bigint NOT NULL,
  PRIMARY KEY (network_id, group_id, day)
);
-- The ledger's place where what a group has got stands: who gives, if it passes something on.
CREATE TABLE group_places (
  network_id uuid NOT NULL,
  place_id   uuid NOT NULL,
  group_id   uuid NOT NULL,
  PRIMARY KEY (network_id, place_id)
);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['feed_cursor', 'runs', 'snapshots', 'exclusions', 'lines', 'shipments', 'handed_out', 'group_places'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY one_network ON %I USING (network_id = nullif(current_setting(''kubari.network'', true), '''')::uuid)', name);
  END LOOP;
END
$$;

-- What a process that stopped half way left undone, across networks: the one question that no single network can ask. It shows ids only.
-- The policies open the tables to the owner's role alone, and only inside these functions.
CREATE POLICY unfinished ON runs FOR SELECT TO kubari_owner USING (current_setting('kubari.unfinished', true) = 'on');
CREATE POLICY unfinished ON lines FOR SELECT TO kubari_owner USING (current_setting('kubari.unfinished', true) = 'on');
CREATE FUNCTION unfinished_runs() RETURNS TABLE (network_id uuid, run_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = allocation, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.unfinished', 'on', true);
  RETURN QUERY SELECT r.network_id, r.run_id FROM runs r
   WHERE r.state = 2 AND (r.lease_until IS NULL OR r.lease_until < clock_timestamp()) ORDER BY r.newest DESC LIMIT 100;
  PERFORM set_config('kubari.unfinished', '', true);
END $$;
CREATE FUNCTION unfinished_answers(before timestamptz) RETURNS TABLE (network_id uuid, line_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = allocation, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.unfinished', 'on', true);
  RETURN QUERY SELECT l.network_id, l.line_id FROM lines l
   WHERE l.answer_items IS NOT NULL AND l.answer_time < before ORDER BY l.answer_time LIMIT 100;
  PERFORM set_config('kubari.unfinished', '', true);
END $$;

-- The service's rights: no more than it uses.
REVOKE ALL ON FUNCTION unfinished_runs(), unfinished_answers(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION unfinished_runs(), unfinished_answers(timestamptz) TO kubari_allocation;
GRANT SELECT, INSERT, UPDATE ON feed_cursor, runs, lines, handed_out TO kubari_allocation;
GRANT SELECT, INSERT ON snapshots, exclusions, shipments, group_places TO kubari_allocation;
