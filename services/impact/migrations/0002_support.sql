-- Food-support requests as the support service tells them (ReadReached): a number of households for a request, and by which deliveries. Can be
-- dropped and read again from position 0.

CREATE TABLE support_cursor (
  network_id uuid   PRIMARY KEY,
  position   bigint NOT NULL CHECK (position >= 0)
);

CREATE TABLE support_reached (
  network_id         uuid   NOT NULL,
  support_request_id uuid   NOT NULL,
  households         bigint NOT NULL CHECK (households >= 0),
  PRIMARY KEY (network_id, support_request_id)
);

-- What was given stays given, so rows are only ever added.
CREATE TABLE support_deliveries (
  network_id         uuid NOT NULL,
  support_request_id uuid NOT NULL,
  delivery_id        uuid NOT NULL,
  PRIMARY KEY (network_id, support_request_id, delivery_id)
);

-- From a delivery to what of it counts.
CREATE INDEX delivered_by_delivery ON delivered (network_id, delivery_id);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['support_cursor', 'support_reached', 'support_deliveries'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY one_network ON %I USING (network_id = nullif(current_setting(''kubari.network'', true), '''')::uuid)', name);
  END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE ON support_cursor, support_reached TO kubari_impact;
GRANT SELECT, INSERT ON support_deliveries TO kubari_impact;
