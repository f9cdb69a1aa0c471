-- Products, warehouses, lots and the ledger.
--
-- The ledger is `movements`: the service may add rows and read them, nothing else. What follows from them (balances, open reservations,
-- deliveries, the head) is kept by one trigger that runs with the owner's rights, and held by CHECK constraints, so no mistake of the
-- program can make stock negative, promise what is not there, leave a gap in the positions or change what was recorded.

-- Products, warehouses, places ------------------------------------------------------------------------------------------------------

-- `facts` is the product as the contract shows it (kubari.stock.v1.Product, proto JSON); columns are what is searched.
CREATE TABLE products (
  network_id   uuid NOT NULL,
  product_id   uuid NOT NULL,
  gtin         text CHECK (gtin ~ '^[0-9]{14}$'),
  case_gtin    text CHECK (case_gtin ~ '^[0-9]{14}$'),
  display_name text COLLATE "C" NOT NULL,
  facts        jsonb NOT NULL,
  search       text NOT NULL GENERATED ALWAYS AS (lower(normalize(
    display_name || ' ' || coalesce(facts ->> 'nameKana', '') || ' ' || coalesce(facts ->> 'maker', '') || ' ' || coalesce(gtin, ''),
    NFKC))) STORED,
  create_time  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (network_id, product_id)
);
CREATE UNIQUE INDEX products_gtin ON products (network_id, gtin) WHERE gtin IS NOT NULL;
CREATE INDEX products_case_gtin ON products (network_id, case_gtin) WHERE case_gtin IS NOT NULL;
CREATE INDEX products_by_name ON products (network_id, display_name, product_id);

CREATE TABLE warehouses (
  network_id      uuid NOT NULL,
  warehouse_id    uuid NOT NULL,
  code            text COLLATE "C" NOT NULL,
  display_name    text NOT NULL,
  organisation_id uuid NOT NULL,
  address         jsonb NOT NULL,
  create_time     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (network_id, warehouse_id),
  CONSTRAINT warehouses_code UNIQUE (network_id, code)
);

-- kind: kubari.stock.v1.PlaceKind. 1 is a shelf; the others stand for a donor, a delivery under way, a group, waste, adjustment.
CREATE TABLE places (
  network_id       uuid NOT NULL,
  place_id         uuid NOT NULL,
  kind             smallint NOT NULL CHECK (kind BETWEEN 1 AND 6),
  warehouse_id     uuid,
  code             text COLLATE "C" NOT NULL DEFAULT '',
  temperature_zone smallint NOT NULL DEFAULT 0 CHECK (temperature_zone BETWEEN 0 AND 3),
  -- "donors/{uuid}" or "groups/{uuid}"
  party            text NOT NULL DEFAULT '',
  display_name     text NOT NULL,
  create_time      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (network_id, place_id),
  FOREIGN KEY (network_id, warehouse_id) REFERENCES warehouses,
  CHECK ((kind = 1) = (warehouse_id IS NOT NULL)),
  CHECK (kind <> 1 OR (code <> '' AND temperature_zone <> 0)),
  CHECK ((kind IN (2, 3, 4)) = (party <> ''))
);
CREATE UNIQUE INDEX places_code ON places (network_id, warehouse_id, code) WHERE kind = 1;
CREATE UNIQUE INDEX places_party ON places (network_id, kind, party) WHERE kind <> 1;

-- Lots -------------------------------------------------------------------------------------------------------------------------------

-- Never changed. `facts` is the lot as the contract shows it (kubari.stock.v1.Lot, proto JSON), with the donor's conditions.
CREATE TABLE lots (
  network_id       uuid NOT NULL,
  lot_id           uuid NOT NULL,
  code             text COLLATE "C" NOT NULL,
  product_id       uuid NOT NULL,
  -- The offer line, or the donor for goods that were not offered before.
  origin_id        uuid NOT NULL,
  donor_id         uuid NOT NULL,
  offer_id         uuid,
  date_kind        smallint NOT NULL CHECK (date_kind BETWEEN 1 AND 3),
  -- As printed: "2027-03-31", "2027-03", or "" with date kind 3.
  good_until       text NOT NULL,
  -- The last day on which that holds; 9999-12-31 for none.
  last_good_day    date NOT NULL,
  donor_lot_number text NOT NULL,
  gtin             text,
  offer_title      text NOT NULL,
  facts            jsonb NOT NULL,
  create_time      timestamptz NOT NULL,
  PRIMARY KEY (network_id, lot_id),
  CONSTRAINT lots_code UNIQUE (network_id, code),
  CONSTRAINT lots_origin UNIQUE (network_id, product_id, origin_id, date_kind, good_until, donor_lot_number),
  FOREIGN KEY (network_id, product_id) REFERENCES products
);
CREATE INDEX lots_by_day ON lots (network_id, last_good_day, lot_id);
CREATE INDEX lots_by_donor ON lots (network_id, donor_id, last_good_day, lot_id);
CREATE INDEX lots_by_offer ON lots (network_id, offer_id, last_good_day, lot_id) WHERE offer_id IS NOT NULL;
CREATE INDEX lots_by_gtin ON lots (network_id, gtin, last_good_day, lot_id) WHERE gtin IS NOT NULL;
CREATE INDEX lots_by_number ON lots (network_id, donor_lot_number, last_good_day, lot_id) WHERE donor_lot_number <> '';

-- The ledger ---------------------------------------------------------------------------------------------------------------------

-- Its row lock puts the writers of one network in order.
CREATE TABLE ledger_heads (
  network_id         uuid PRIMARY KEY,
  next_position      bigint NOT NULL CHECK (next_position >= 0),
  last_recorded_time timestamptz NOT NULL
);

CREATE TABLE reservations (
  network_id     uuid NOT NULL,
  reservation_id uuid NOT NULL,
  lot_id         uuid NOT NULL,
  place_id       uuid NOT NULL,
  group_id       uuid NOT NULL,
  delivery_id    uuid NOT NULL,
  items          bigint NOT NULL CHECK (items > 0),
  -- Still promised; kept by the trigger.
  open_items     bigint NOT NULL DEFAULT 0,
  expire_time    timestamptz NOT NULL,
  create_time    timestamptz NOT NULL,
  PRIMARY KEY (network_id, reservation_id),
  FOREIGN KEY (network_id, lot_id) REFERENCES lots,
  FOREIGN KEY (network_id, place_id) REFERENCES places,
  CONSTRAINT reservations_open CHECK (open_items >= 0 AND open_items <= items)
);
CREATE INDEX reservations_open_by_time ON reservations (network_id, expire_time, reservation_id) WHERE open_items > 0;
CREATE INDEX reservations_overdue ON reservations (expire_time) WHERE open_items > 0;
CREATE INDEX reservations_by_delivery ON reservations (network_id, delivery_id);

-- kind: kubari.stock.v1.MovementKind. 1 RECEIVE, 2 TRANSFER, 3 RESERVE, 4 VOID, 5 EXPIRE, 6 ISSUE, 7 CONFIRM, 8 SHORTAGE, 9 DISCARD,
-- 10 REVERSAL.
CREATE TABLE movements (
  network_id        uuid NOT NULL,
  position          bigint NOT NULL CHECK (position >= 0),
  movement_id       uuid NOT NULL,
  kind              smallint NOT NULL CHECK (kind BETWEEN 1 AND 10),
  lot_id            uuid NOT NULL,
  from_place        uuid NOT NULL,
  to_place          uuid NOT NULL,
  items             bigint NOT NULL CHECK (items BETWEEN 1 AND 100000000),
  reservation_id    uuid,
  delivery_id       uuid,
  group_id          uuid,
  reverses          uuid,
  reason            text NOT NULL,
  note              text NOT NULL,
  actor             text COLLATE "C" NOT NULL CHECK (actor <> ''),
  occurred_time     timestamptz NOT NULL,
  recorded_time     timestamptz NOT NULL,
  households        bigint NOT NULL CHECK (households >= 0),
  municipality_code text NOT NULL,
  request_id        uuid NOT NULL,
  request_hash      bytea NOT NULL CHECK (octet_length(request_hash) = 32),
  leaf_hash         bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
  PRIMARY KEY (network_id, position),
  CONSTRAINT movements_id UNIQUE (network_id, movement_id),
  FOREIGN KEY (network_id, lot_id) REFERENCES lots,
  FOREIGN KEY (network_id, from_place) REFERENCES places,
  FOREIGN KEY (network_id, to_place) REFERENCES places,
  FOREIGN KEY (network_id, reservation_id) REFERENCES reservations,
  FOREIGN KEY (network_id, reverses) REFERENCES movements (network_id, movement_id),
  CONSTRAINT movements_stay CHECK ((kind IN (3, 4, 5)) = (from_place = to_place)),
  CONSTRAINT movements_reservation CHECK (kind NOT IN (3, 4, 5) OR reservation_id IS NOT NULL),
  CONSTRAINT movements_delivery CHECK (kind NOT IN (3, 6, 7, 8) OR (delivery_id IS NOT NULL AND group_id IS NOT NULL)),
  CONSTRAINT movements_reversal CHECK ((kind = 10) = (reverses IS NOT NULL))
);
CREATE UNIQUE INDEX movements_reverses ON movements (network_id, reverses) WHERE reverses IS NOT NULL;
CREATE INDEX movements_request ON movements (network_id, request_id);
CREATE INDEX movements_lot ON movements (network_id, lot_id, position);
CREATE INDEX movements_from ON movements (network_id, from_place, position);
CREATE INDEX movements_to ON movements (network_id, to_place, position) WHERE from_place <> to_place;
CREATE INDEX movements_delivery_index ON movements (network_id, delivery_id, position) WHERE delivery_id IS NOT NULL;
CREATE INDEX movements_group ON movements (network_id, group_id, position) WHERE group_id IS NOT NULL;
CREATE INDEX movements_actor ON movements (network_id, actor, position);

-- What the movements add up to. For places other than shelves a balance may be negative: a donor's is minus what it gave.
CREATE TABLE balances (
  network_id    uuid NOT NULL,
  lot_id        uuid NOT NULL,
  place_id      uuid NOT NULL,
  on_hand       bigint NOT NULL,
  reserved      bigint NOT NULL,
  shelf         boolean NOT NULL,
  -- Copies of facts that never change, so that lists by date need no join.
  warehouse_id  uuid,
  last_good_day date NOT NULL,
  PRIMARY KEY (network_id, lot_id, place_id),
  CONSTRAINT balances_on_hand CHECK (NOT shelf OR on_hand >= 0),
  CONSTRAINT balances_reserved CHECK (reserved >= 0 AND (reserved = 0 OR (shelf AND reserved <= on_hand)))
);
CREATE INDEX balances_by_day ON balances (network_id, last_good_day, lot_id, place_id) WHERE shelf AND on_hand > 0;
CREATE INDEX balances_by_warehouse ON balances (network_id, warehouse_id, last_good_day, lot_id, place_id) WHERE shelf AND on_hand > 0;

CREATE TABLE deliveries (
  network_id    uuid NOT NULL,
  delivery_id   uuid NOT NULL,
  group_id      uuid NOT NULL,
  issued_items  bigint NOT NULL DEFAULT 0 CHECK (issued_items >= 0),
  -- Issued and neither confirmed nor short.
  open_items    bigint NOT NULL DEFAULT 0 CHECK (open_items >= 0),
  -- Of the first issue; orders the list.
  ship_position bigint,
  ship_time     timestamptz,
  confirm_time  timestamptz,
  PRIMARY KEY (network_id, delivery_id)
);
CREATE INDEX deliveries_newest ON deliveries (network_id, ship_position) WHERE issued_items > 0;
CREATE INDEX deliveries_group ON deliveries (network_id, group_id, ship_position) WHERE issued_items > 0;

CREATE TABLE delivery_lines (
  network_id      uuid NOT NULL,
  delivery_id     uuid NOT NULL,
  lot_id          uuid NOT NULL,
  issued_items    bigint NOT NULL DEFAULT 0,
  confirmed_items bigint NOT NULL DEFAULT 0,
  short_items     bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (network_id, delivery_id, lot_id),
  FOREIGN KEY (network_id, delivery_id) REFERENCES deliveries,
  CONSTRAINT delivery_lines_sum CHECK (confirmed_items >= 0 AND short_items >= 0 AND confirmed_items + short_items <= issued_items)
);
-- For "lots this group has received".
CREATE INDEX delivery_lines_lot ON delivery_lines (network_id, lot_id);

-- Row-level security: every statement sees and writes the network of its transaction only, the owner's functions below included.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['products', 'warehouses', 'places', 'lots', 'ledger_heads', 'reservations', 'movements', 'balances',
                              'deliveries', 'delivery_lines'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY network ON %I USING (network_id = nullif(current_setting(''kubari.network'', true), '''')::uuid)', name);
  END LOOP;
END $$;

-- Locks the head of a network's ledger until the transaction ends, and makes it first if need be.
CREATE FUNCTION lock_head(network uuid) RETURNS TABLE (next_position bigint, last_recorded_time timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = stock, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT h.next_position, h.last_recorded_time FROM ledger_heads h WHERE h.network_id = network FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO ledger_heads VALUES (network, 0, '1970-01-01Z') ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT h.next_position, h.last_recorded_time FROM ledger_heads h WHERE h.network_id = network FOR UPDATE;
  END IF;
END $$;

-- Everything that follows from new movements. Joins are few rows against large indexed tables; the settings keep a plan that was
-- made while the tables were small from scanning them later.
CREATE FUNCTION apply_movements() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = stock, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  network uuid;
  networks bigint;
  head ledger_heads%ROWTYPE;
  added_count bigint;
  first_position bigint;
  last_position bigint;
  newest timestamptz;
BEGIN
  SELECT count(*), count(DISTINCT a.network_id), min(a.position), max(a.position), max(a.recorded_time)
    INTO added_count, networks, first_position, last_position, newest FROM added a;
  IF added_count = 0 THEN
    RETURN NULL;
  END IF;
  IF networks > 1 THEN
    RAISE EXCEPTION 'movements of % networks in one statement', networks USING ERRCODE = 'check_violation', CONSTRAINT = 'movements_network';
  END IF;
  SELECT a.network_id INTO network FROM added a LIMIT 1;

  -- Positions follow the head without a gap, and time does not go back.
  SELECT * INTO head FROM ledger_heads h WHERE h.network_id = network FOR UPDATE;
  IF head.next_position IS NULL OR first_position <> head.next_position OR last_position <> first_position + added_count - 1 THEN
    RAISE EXCEPTION 'positions % to % do not follow the head %', first_position, last_position, head.next_position
      USING ERRCODE = 'check_violation', CONSTRAINT = 'movements_position';
  END IF;
  IF EXISTS (SELECT FROM (SELECT a.recorded_time, lag(a.recorded_time, 1, head.last_recorded_time) OVER (ORDER BY a.position) AS former
                            FROM added a) t WHERE t.recorded_time < t.former) THEN
    RAISE EXCEPTION 'recorded_time goes back' USING ERRCODE = 'check_violation', CONSTRAINT = 'movements_recorded_time';
  END IF;
  UPDATE ledger_heads h SET next_position = last_position + 1, last_recorded_time = newest WHERE h.network_id = network;

  -- Each kind has its two ends; a reversal exchanges those of what it undoes.
  IF EXISTS (
    SELECT FROM added a
      JOIN places f ON f.network_id = a.network_id AND f.place_id = a.from_place
      JOIN places t ON t.network_id = a.network_id AND t.place_id = a.to_place
     WHERE a.kind <> 10 AND (a.kind, f.kind, t.kind) NOT IN
       ((1, 2, 1), (2, 1, 1), (3, 1, 1), (4, 1, 1), (5, 1, 1), (6, 1, 3), (7, 3, 4), (8, 3, 6), (9, 1, 5))) THEN
    RAISE EXCEPTION 'a movement between the wrong kinds of places' USING ERRCODE = 'check_violation', CONSTRAINT = 'movements_places';
  END IF;
  IF EXISTS (
    SELECT FROM added a LEFT JOIN movements o ON o.network_id = a.network_id AND o.movement_id = a.reverses
     WHERE a.kind = 10 AND (o.kind IS NULL OR o.kind NOT IN (1, 2, 6, 7, 8, 9) OR o.lot_id <> a.lot_id OR o.items <> a.items
        OR o.from_place <> a.to_place OR o.to_place <> a.from_place OR o.delivery_id IS DISTINCT FROM a.delivery_id
        OR o.group_id IS DISTINCT FROM a.group_id)) THEN
    RAISE EXCEPTION 'a reversal does not mirror its movement' USING ERRCODE = 'check_violation', CONSTRAINT = 'movements_mirror';
  END IF;

  -- Balances. Rows are made first with zeros, because an upsert would judge the CHECKs on the difference instead of the sum.
  INSERT INTO balances (network_id, lot_id, place_id, on_hand, reserved, shelf, warehouse_id, last_good_day)
  SELECT k.network_id, k.lot_id, k.place_id, 0, 0, p.kind = 1, p.warehouse_id, l.last_good_day
    FROM (SELECT a.network_id, a.lot_id, a.from_place AS place_id FROM added a
          UNION SELECT a.network_id, a.lot_id, a.to_place FROM added a) k
    JOIN places p ON p.network_id = k.network_id AND p.place_id = k.place_id
    JOIN lots l ON l.network_id = k.network_id AND l.lot_id = k.lot_id
  ON CONFLICT DO NOTHING;
  UPDATE balances b SET on_hand = b.on_hand + d.on_hand, reserved = b.reserved + d.reserved
    FROM (SELECT e.lot_id, e.place_id, sum(e.on_hand)::bigint AS on_hand, sum(e.reserved)::bigint AS reserved
            FROM (SELECT a.lot_id, a.from_place AS place_id, -a.items AS on_hand,
                         CASE WHEN a.kind = 6 AND a.reservation_id IS NOT NULL THEN -a.items ELSE 0 END AS reserved
                    FROM added a WHERE a.from_place <> a.to_place
                  UNION ALL
                  SELECT a.lot_id, a.to_place, a.items, 0 FROM added a WHERE a.from_place <> a.to_place
                  UNION ALL
                  SELECT a.lot_id, a.from_place, 0, CASE WHEN a.kind = 3 THEN a.items ELSE -a.items END
                    FROM added a WHERE a.from_place = a.to_place) e
           GROUP BY e.lot_id, e.place_id) d
   WHERE b.network_id = network AND b.lot_id = d.lot_id AND b.place_id = d.place_id;

  -- Reservations: RESERVE opens them, VOID, EXPIRE and ISSUE use them up.
  IF EXISTS (
    SELECT FROM added a JOIN reservations r ON r.network_id = a.network_id AND r.reservation_id = a.reservation_id
     WHERE r.lot_id <> a.lot_id OR r.place_id <> a.from_place OR r.group_id IS DISTINCT FROM a.group_id
        OR r.delivery_id IS DISTINCT FROM a.delivery_id OR a.kind NOT IN (3, 4, 5, 6)) THEN
    RAISE EXCEPTION 'a movement differs from its reservation' USING ERRCODE = 'check_violation', CONSTRAINT = 'movements_promise';
  END IF;
  UPDATE reservations r SET open_items = r.open_items + d.items
    FROM (SELECT a.reservation_id, sum(CASE WHEN a.kind = 3 THEN a.items ELSE -a.items END)::bigint AS items
            FROM added a WHERE a.reservation_id IS NOT NULL GROUP BY a.reservation_id) d
   WHERE r.network_id = network AND r.reservation_id = d.reservation_id;

  -- Deliveries: one group each; lines count what was issued, confirmed and short.
  IF EXISTS (SELECT FROM added a WHERE a.delivery_id IS NOT NULL) THEN
    INSERT INTO deliveries (network_id, delivery_id, group_id)
    SELECT DISTINCT a.network_id, a.delivery_id, a.group_id FROM added a WHERE a.delivery_id IS NOT NULL
    ON CONFLICT DO NOTHING;
    IF EXISTS (SELECT FROM added a JOIN deliveries d ON d.network_id = a.network_id AND d.delivery_id = a.delivery_id
                WHERE d.group_id IS DISTINCT FROM a.group_id) THEN
      RAISE EXCEPTION 'a delivery of two groups' USING ERRCODE = 'check_violation', CONSTRAINT = 'deliveries_group';
    END IF;
    INSERT INTO delivery_lines (network_id, delivery_id, lot_id)
    SELECT DISTINCT a.network_id, a.delivery_id, a.lot_id FROM added a WHERE a.kind = 6
    ON CONFLICT DO NOTHING;
    UPDATE delivery_lines l
       SET issued_items = l.issued_items + e.issued, confirmed_items = l.confirmed_items + e.confirmed, short_items = l.short_items + e.short
      FROM (SELECT a.delivery_id, a.lot_id,
                   sum(CASE WHEN a.kind = 6 THEN a.items WHEN o.kind = 6 THEN -a.items ELSE 0 END)::bigint AS issued,
                   sum(CASE WHEN a.kind = 7 THEN a.items WHEN o.kind = 7 THEN -a.items ELSE 0 END)::bigint AS confirmed,
                   sum(CASE WHEN a.kind = 8 THEN a.items WHEN o.kind = 8 THEN -a.items ELSE 0 END)::bigint AS short
              FROM added a LEFT JOIN movements o ON o.network_id = a.network_id AND o.movement_id = a.reverses
             WHERE a.delivery_id IS NOT NULL AND a.kind IN (6, 7, 8, 10) GROUP BY a.delivery_id, a.lot_id) e
     WHERE l.network_id = network AND l.delivery_id = e.delivery_id AND l.lot_id = e.lot_id;
    UPDATE deliveries d
       SET issued_items = s.issued, open_items = s.open,
           ship_position = coalesce(d.ship_position, e.ship_position), ship_time = coalesce(d.ship_time, e.ship_time),
           confirm_time = coalesce(e.confirm_time, d.confirm_time)
      FROM (SELECT a.delivery_id, min(a.position) FILTER (WHERE a.kind = 6) AS ship_position,
                   min(a.occurred_time) FILTER (WHERE a.kind = 6) AS ship_time,
                   max(a.occurred_time) FILTER (WHERE a.kind IN (7, 8)) AS confirm_time
              FROM added a WHERE a.delivery_id IS NOT NULL AND a.kind IN (6, 7, 8, 10) GROUP BY a.delivery_id) e
      CROSS JOIN LATERAL (SELECT coalesce(sum(l.issued_items), 0)::bigint AS issued,
                                 coalesce(sum(l.issued_items - l.confirmed_items - l.short_items), 0)::bigint AS open
                            FROM delivery_lines l WHERE l.network_id = network AND l.delivery_id = e.delivery_id) s
     WHERE d.network_id = network AND d.delivery_id = e.delivery_id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER apply_movements AFTER INSERT ON movements
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION apply_movements();

-- What is overdue, across networks: the one question that no single network can ask. It shows ids only. The policy opens the table to
-- the owner's role alone, and only inside this function.
CREATE POLICY overdue ON reservations FOR SELECT TO kubari_owner USING (current_setting('kubari.overdue', true) = 'on');
CREATE FUNCTION overdue_reservations(at timestamptz, at_most integer) RETURNS TABLE (network_id uuid, reservation_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = stock, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.overdue', 'on', true);
  RETURN QUERY SELECT r.network_id, r.reservation_id FROM reservations r
                WHERE r.open_items > 0 AND r.expire_time <= at ORDER BY r.expire_time LIMIT at_most;
  PERFORM set_config('kubari.overdue', '', true);
END $$;

-- The service's rights: no more than it uses.
REVOKE ALL ON FUNCTION lock_head(uuid), apply_movements(), overdue_reservations(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lock_head(uuid), overdue_reservations(timestamptz, integer) TO kubari_stock;
GRANT SELECT, INSERT ON products, warehouses, places, lots, movements TO kubari_stock;
GRANT SELECT ON ledger_heads, balances, deliveries, delivery_lines, reservations TO kubari_stock;
GRANT INSERT (network_id, reservation_id, lot_id, place_id, group_id, delivery_id, items, expire_time, create_time) ON reservations
  TO kubari_stock;
GRANT UPDATE (expire_time) ON reservations TO kubari_stock;
