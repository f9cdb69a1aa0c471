-- Lines that come by a hub: one delivery to the hub for all of its groups, which it hands on. State numbers are those of
-- kubari.allocation.v1: 9 AT_HUB, 10 HANDED_ON.

ALTER TABLE lines
  ADD COLUMN hub_id           uuid,
  -- As the ledger says; see domain/states.h. confirmed_items: by the group, of what was handed on.
  ADD COLUMN at_hub_items     bigint NOT NULL DEFAULT 0 CHECK (at_hub_items >= 0),
  ADD COLUMN handed_on_items  bigint NOT NULL DEFAULT 0 CHECK (handed_on_items >= 0),
  ADD COLUMN missing_on_items bigint NOT NULL DEFAULT 0 CHECK (missing_on_items >= 0),
  DROP CONSTRAINT lines_state_check,
  ADD CONSTRAINT lines_state_check CHECK (state BETWEEN 1 AND 10),
  ADD CONSTRAINT lines_by_hub CHECK (
    hub_id IS NOT NULL OR (state < 9 AND at_hub_items = 0 AND handed_on_items = 0 AND missing_on_items = 0)),
  ADD CONSTRAINT lines_at_hub CHECK (
    hub_id IS NULL OR (at_hub_items + missing_items <= shipped_items AND handed_on_items <= at_hub_items
                       AND confirmed_items + missing_on_items <= handed_on_items));
CREATE INDEX lines_of_hub ON lines (network_id, hub_id, newest, run_id, group_name, line_id) WHERE hub_id IS NOT NULL;
CREATE INDEX lines_standing ON lines (network_id, lot_id, hub_id) WHERE hub_id IS NOT NULL AND state IN (3, 6, 7, 9, 10);
DROP INDEX lines_promised;
CREATE INDEX lines_promised ON lines (network_id) WHERE state IN (2, 3, 6, 9, 10);

-- Which lines a PASS_ON of the ledger (or its reversal) belongs to, with how many items, so that its reversal, and what is confirmed of its
-- delivery, find them. Never changed.
CREATE TABLE hand_ons (
  network_id  uuid   NOT NULL,
  movement_id uuid   NOT NULL,
  line_id     uuid   NOT NULL,
  delivery_id uuid   NOT NULL,
  items       bigint NOT NULL CHECK (items > 0),
  PRIMARY KEY (network_id, movement_id, line_id),
  FOREIGN KEY (network_id, line_id) REFERENCES lines
);
CREATE INDEX hand_ons_by_delivery ON hand_ons (network_id, delivery_id);
ALTER TABLE hand_ons ENABLE ROW LEVEL SECURITY;
ALTER TABLE hand_ons FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON hand_ons USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
GRANT SELECT, INSERT ON hand_ons TO kubari_allocation;
