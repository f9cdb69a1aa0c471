-- How far the stock ledger has been read (libs/feed): shipments, shortages and promises that ran out are told from it.
CREATE TABLE feed_cursor (
  network_id    uuid   PRIMARY KEY,
  next_position bigint NOT NULL CHECK (next_position >= 0)
);
ALTER TABLE feed_cursor ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed_cursor FORCE ROW LEVEL SECURITY;
CREATE POLICY network ON feed_cursor USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON feed_cursor TO kubari_notifications;
