-- The last day of each network on which people were told what in stock needs attention (alert_digest.h).
CREATE TABLE alerts_told (
  network_id uuid PRIMARY KEY,
  day        date NOT NULL
);
ALTER TABLE alerts_told ENABLE ROW LEVEL SECURITY;
ALTER TABLE alerts_told FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON alerts_told USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON alerts_told TO kubari_stock;
