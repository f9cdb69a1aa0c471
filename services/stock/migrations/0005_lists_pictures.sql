-- What lists are ordered and narrowed by; and products' pictures.

-- Deliveries are listed by when they left; nothing asks for them by position any more.
DROP INDEX deliveries_newest;
DROP INDEX deliveries_group;
CREATE INDEX deliveries_by_time ON deliveries (network_id, ship_time, delivery_id) WHERE issued;
CREATE INDEX deliveries_group ON deliveries (network_id, group_id, ship_time, delivery_id) WHERE issued;

-- The first position of the network's ledger that was recorded at a moment or later; where the next movement will stand, if none was. As
-- positions have no gap and recorded_time never goes back with them, halving finds it: some twenty rows are read among a million.
-- (A plan that was made while the ledger was small must not scan it later.)
CREATE FUNCTION position_at(network uuid, at timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = stock, pg_temp SET enable_seqscan = off AS $$
DECLARE
  head ledgers%ROWTYPE;
  low bigint := 0;  -- all before it were recorded earlier
  high bigint;      -- it, and all behind it, were not
  middle bigint;
  earlier boolean;
BEGIN
  SELECT * INTO head FROM ledgers g WHERE g.network_id = network;
  high := coalesce(head.next_position, 0);
  WHILE low < high LOOP
    middle := (low + high) / 2;
    SELECT m.recorded_time < at INTO STRICT earlier FROM movements m WHERE m.ledger = head.ledger AND m.position = middle;
    IF earlier THEN
      low := middle + 1;
    ELSE
      high := middle;
    END IF;
  END LOOP;
  RETURN low;
END $$;
REVOKE ALL ON FUNCTION position_at(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION position_at(uuid, timestamptz) TO kubari_stock;

-- One for each product that has one, for people to recognise it by; no part of any record. `image` is compressed as it is.
CREATE TABLE product_pictures (
  network_id  uuid NOT NULL,
  product_id  uuid NOT NULL,
  image       bytea NOT NULL CHECK (octet_length(image) BETWEEN 1 AND 204800),
  media_type  text NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png', 'image/webp')),
  -- SHA-256 of the image; also says whether it is still the picture that someone saw.
  hash        bytea NOT NULL CHECK (octet_length(hash) = 32),
  width       integer NOT NULL CHECK (width BETWEEN 16 AND 4096),
  height      integer NOT NULL CHECK (height BETWEEN 16 AND 4096),
  -- "people/{uuid}" …: who gave it.
  actor       text NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (network_id, product_id),
  FOREIGN KEY (network_id, product_id) REFERENCES products
);
ALTER TABLE product_pictures ALTER COLUMN image SET STORAGE EXTERNAL;
ALTER TABLE product_pictures ENABLE ROW LEVEL SECURITY;
ALTER TABLE product_pictures FORCE ROW LEVEL SECURITY;
CREATE POLICY network ON product_pictures USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON product_pictures TO kubari_stock;
