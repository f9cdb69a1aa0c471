-- What counts, derived from the stock ledger's feed alone. All of it can be dropped and derived again from position 0.

CREATE TABLE feed_cursor (
  network_id    uuid   PRIMARY KEY,
  next_position bigint NOT NULL CHECK (next_position >= 0)
);

-- One row for each part of a movement that counts (domain/facts.h). What a figure drills down to.
CREATE TABLE facts (
  network_id           uuid        NOT NULL,
  position             bigint      NOT NULL,
  part                 integer     NOT NULL,
  movement_id          uuid        NOT NULL,
  kind                 text        NOT NULL CHECK (kind IN ('RECEIVE', 'ISSUE', 'CONFIRM', 'DISCARD')),
  day                  date        NOT NULL,
  recorded_time        timestamptz NOT NULL,
  donor_id             uuid        NOT NULL,
  group_id             uuid,
  delivery_id          uuid,
  lot_id               uuid        NOT NULL,
  product_display_name text        NOT NULL,
  category             integer     NOT NULL,
  prefecture           text        NOT NULL,
  items                bigint      NOT NULL,
  grams                bigint      NOT NULL,
  households           bigint      NOT NULL,
  PRIMARY KEY (network_id, position, part)
);
CREATE INDEX facts_by_donor ON facts (network_id, donor_id, position, part);
CREATE INDEX facts_by_group ON facts (network_id, group_id, position, part) WHERE group_id IS NOT NULL;
CREATE INDEX facts_by_day ON facts (network_id, day, position, part);

-- Sums of `facts` by day and by everything that a report can ask for, so that a report's cost depends on its days and not on the
-- number of movements. `group_id` is the nil UUID where there is no group, as a key cannot be NULL.
CREATE TABLE daily (
  network_id uuid    NOT NULL,
  day        date    NOT NULL,
  kind       text    NOT NULL,
  donor_id   uuid    NOT NULL,
  group_id   uuid    NOT NULL,
  category   integer NOT NULL,
  prefecture text    NOT NULL,
  items      bigint  NOT NULL,
  grams      bigint  NOT NULL,
  PRIMARY KEY (network_id, day, kind, donor_id, group_id, category, prefecture)
);

-- Confirmed deliveries by day and part, for what can only be counted distinct: deliveries and households.
CREATE TABLE delivered (
  network_id  uuid    NOT NULL,
  day         date    NOT NULL,
  delivery_id uuid    NOT NULL,
  group_id    uuid    NOT NULL,
  donor_id    uuid    NOT NULL,
  category    integer NOT NULL,
  prefecture  text    NOT NULL,
  items       bigint  NOT NULL,
  households  bigint  NOT NULL,
  PRIMARY KEY (network_id, day, delivery_id, group_id, donor_id, category, prefecture)
);

-- The names of donors and groups as the ledger last told them.
CREATE TABLE parties (
  network_id   uuid    NOT NULL,
  party_id     uuid    NOT NULL,
  display_name text    NOT NULL,
  -- Of a donor: whether groups may know its name.
  may_be_named boolean NOT NULL,
  -- Of a group: where it is, and the ledger's place where what it has got stands.
  prefecture   text    NOT NULL,
  place_id     uuid,
  PRIMARY KEY (network_id, party_id)
);

CREATE INDEX parties_place ON parties (network_id, place_id) WHERE place_id IS NOT NULL;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['feed_cursor', 'facts', 'daily', 'delivered', 'parties'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY one_network ON %I USING (network_id = nullif(current_setting(''kubari.network'', true), '''')::uuid)', name);
  END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE ON feed_cursor, daily, delivered, parties TO kubari_impact;
GRANT SELECT, INSERT ON facts TO kubari_impact;
