-- Products, warehouses, lots and the ledger.
--
-- The ledger is `movements`: the service may add rows and read them, nothing else. What follows from them (balances, open reservations,
-- deliveries, transfers, the head) is kept by one trigger that runs with the owner's rights, and held by CHECK constraints, so no mistake
-- of the program can make stock negative, promise what is not there, leave a gap in the positions or change what was recorded.
--
-- Registers (products, lots, deliveries …) lead every key with `network_id` and name things by UUID. The two tables that grow with every
-- movement, `movements` and `balances`, name their ledger, lots, places, actors and groups by number instead: four bytes for sixteen, in
-- every row and in every index. Whoever reads them asks the views `ledger_entries` and `stock_balances`, which speak UUIDs.

-- Products, warehouses, places ------------------------------------------------------------------------------------------------------

-- `facts` is the product as the contract shows it (kubari.stock.v1.Product, proto JSON); columns are what is asked for.
CREATE TABLE products (
  network_id   uuid NOT NULL,
  product_id   uuid NOT NULL,
  gtin         text CHECK (gtin ~ '^[0-9]{14}$'),
  case_gtin    text CHECK (case_gtin ~ '^[0-9]{14}$'),
  display_name text COLLATE "C" NOT NULL,
  facts        jsonb NOT NULL,
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

-- The head of each network's ledger. Its row lock puts the writers of one network in order; nobody adds a movement without it.
-- `next_…`: the numbers that lots, places, actors and recipients get next; they move with the network's rows if it moves to another
-- cluster. Updated with every batch, so its page keeps room for new versions of the row (fillfactor) and no index names what changes.
CREATE TABLE ledgers (
  network_id         uuid PRIMARY KEY,
  ledger             integer NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
  next_position      bigint NOT NULL DEFAULT 0 CHECK (next_position >= 0),
  last_recorded_time timestamptz NOT NULL DEFAULT '1970-01-01Z',
  next_lot           integer NOT NULL DEFAULT 1,
  next_place         integer NOT NULL DEFAULT 1,
  next_actor         integer NOT NULL DEFAULT 1,
  next_recipient     integer NOT NULL DEFAULT 1
) WITH (fillfactor = 10);

-- kind: kubari.stock.v1.PlaceKind. 1 SHELF, 2 DONOR, 3 DELIVERY (on its way to a group), 4 GROUP, 5 WASTE, 6 ADJUSTMENT, 7 TRANSIT (on
-- its way to a warehouse), 8 WORKSHOP (goods are made into others). All but shelves stand in for someone and are made on first use.
--
-- The last digit of `number` is the kind (if the third place of a network is a shelf, it is 31): so the constraints and partial indexes of
-- `movements` and `balances` see what kind of place they name without looking it up.
CREATE TABLE places (
  network_id       uuid NOT NULL,
  place_id         uuid NOT NULL,
  number           integer NOT NULL,
  kind             smallint NOT NULL CHECK (kind BETWEEN 1 AND 8),
  warehouse_id     uuid,
  code             text COLLATE "C" NOT NULL DEFAULT '',
  temperature_zone smallint NOT NULL DEFAULT 0 CHECK (temperature_zone BETWEEN 0 AND 3),
  -- "donors/{uuid}", "groups/{uuid}" or, in transit, "warehouses/{uuid}"
  party            text NOT NULL DEFAULT '',
  display_name     text NOT NULL,
  create_time      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (network_id, place_id),
  CONSTRAINT places_number UNIQUE (network_id, number),
  CONSTRAINT places_number_kind CHECK (number > 10 AND number % 10 = kind),
  FOREIGN KEY (network_id, warehouse_id) REFERENCES warehouses,
  CHECK ((kind = 1) = (warehouse_id IS NOT NULL)),
  CHECK (kind <> 1 OR (code <> '' AND temperature_zone <> 0)),
  CHECK ((kind IN (2, 3, 4, 7)) = (party <> ''))
);
CREATE UNIQUE INDEX places_code ON places (network_id, warehouse_id, code) WHERE kind = 1;
CREATE UNIQUE INDEX places_party ON places (network_id, kind, party) WHERE kind <> 1;

-- Lots -------------------------------------------------------------------------------------------------------------------------------

-- Never changed. `facts` is the lot as the contract shows it (kubari.stock.v1.Lot, proto JSON), with the donor's conditions.
CREATE TABLE lots (
  network_id        uuid NOT NULL,
  lot_id            uuid NOT NULL,
  number            integer NOT NULL CHECK (number > 0),
  code              text COLLATE "C" NOT NULL,
  product_id        uuid NOT NULL,
  -- Where it comes from: the transformation that made it, the offer line, or the donor for goods that were not offered before.
  origin_id         uuid NOT NULL,
  -- None for a kit whose parts have several donors.
  donor_id          uuid,
  offer_id          uuid,
  transformation_id uuid,
  date_kind         smallint NOT NULL CHECK (date_kind BETWEEN 1 AND 3),
  -- As printed: "2027-03-31", "2027-03", or "" with date kind 3.
  good_until        text NOT NULL,
  -- The last day on which that holds; 9999-12-31 for none.
  last_good_day     date NOT NULL,
  donor_lot_number  text NOT NULL,
  gtin              text,
  offer_title       text NOT NULL,
  facts             jsonb NOT NULL,
  create_time       timestamptz NOT NULL,
  PRIMARY KEY (network_id, lot_id),
  CONSTRAINT lots_number UNIQUE (network_id, number),
  CONSTRAINT lots_code UNIQUE (network_id, code),
  CONSTRAINT lots_origin UNIQUE (network_id, product_id, origin_id, date_kind, good_until, donor_lot_number),
  CONSTRAINT lots_made CHECK (CASE WHEN transformation_id IS NULL THEN donor_id IS NOT NULL ELSE origin_id = transformation_id END),
  FOREIGN KEY (network_id, product_id) REFERENCES products
);
CREATE INDEX lots_by_day ON lots (network_id, last_good_day, lot_id);
CREATE INDEX lots_by_product ON lots (network_id, product_id, last_good_day, lot_id);
CREATE INDEX lots_by_donor ON lots (network_id, donor_id, last_good_day, lot_id) WHERE donor_id IS NOT NULL;
CREATE INDEX lots_by_offer ON lots (network_id, offer_id, last_good_day, lot_id) WHERE offer_id IS NOT NULL;
CREATE INDEX lots_by_gtin ON lots (network_id, gtin, last_good_day, lot_id) WHERE gtin IS NOT NULL;
CREATE INDEX lots_by_donor_number ON lots (network_id, donor_lot_number, last_good_day, lot_id) WHERE donor_lot_number <> '';
CREATE INDEX lots_by_transformation ON lots (network_id, transformation_id) WHERE transformation_id IS NOT NULL;

-- Lots that may not be promised or handed over, because of an open recall. Written while the ledger's head is locked (lock_head), so no
-- decision passes a recall by.
CREATE TABLE stopped_lots (
  network_id uuid NOT NULL,
  lot_id     uuid NOT NULL,
  recall_id  uuid NOT NULL,
  PRIMARY KEY (network_id, lot_id, recall_id),
  FOREIGN KEY (network_id, lot_id) REFERENCES lots
);
CREATE INDEX stopped_lots_recall ON stopped_lots (network_id, recall_id);

-- The ledger ---------------------------------------------------------------------------------------------------------------------

-- Who acted, and for which groups: numbers for what recurs in movements.
CREATE TABLE actors (
  network_id uuid NOT NULL,
  number     integer NOT NULL CHECK (number > 0),
  -- "people/{uuid}", "devices/{uuid}", "apiKeys/{uuid}", "services/kubari"
  actor      text COLLATE "C" NOT NULL CHECK (actor <> ''),
  PRIMARY KEY (network_id, number),
  CONSTRAINT actors_actor UNIQUE (network_id, actor)
);
CREATE TABLE recipients (
  network_id uuid NOT NULL,
  number     integer NOT NULL CHECK (number > 0),
  group_id   uuid NOT NULL,
  PRIMARY KEY (network_id, number),
  CONSTRAINT recipients_group UNIQUE (network_id, group_id)
);

CREATE TABLE reservations (
  network_id     uuid NOT NULL,
  reservation_id uuid NOT NULL,
  lot_id         uuid NOT NULL,
  place_id       uuid NOT NULL,
  group_id       uuid NOT NULL,
  delivery_id    uuid NOT NULL,
  items          bigint NOT NULL CHECK (items > 0),
  -- Still promised; kept by the trigger. `open` is for the indexes: they name what seldom changes, so most updates touch none (HOT).
  open_items     bigint NOT NULL DEFAULT 0,
  open           boolean NOT NULL GENERATED ALWAYS AS (open_items > 0) STORED,
  expire_time    timestamptz NOT NULL,
  create_time    timestamptz NOT NULL,
  PRIMARY KEY (network_id, reservation_id),
  FOREIGN KEY (network_id, lot_id) REFERENCES lots,
  FOREIGN KEY (network_id, place_id) REFERENCES places,
  CONSTRAINT reservations_open CHECK (open_items >= 0 AND open_items <= items)
) WITH (fillfactor = 80);
CREATE INDEX reservations_open_by_time ON reservations (network_id, expire_time, reservation_id) WHERE open;
CREATE INDEX reservations_overdue ON reservations (expire_time) WHERE open;
CREATE INDEX reservations_by_delivery ON reservations (network_id, delivery_id);
CREATE INDEX reservations_by_lot ON reservations (network_id, lot_id) WHERE open;

-- kind: kubari.stock.v1.MovementKind. 1 RECEIVE, 2 TRANSFER, 3 RESERVE, 4 VOID, 5 EXPIRE, 6 ISSUE, 7 CONFIRM, 8 SHORTAGE, 9 DISCARD,
-- 10 REVERSAL, 11 REFUSE, 12 SEND, 13 ARRIVE, 14 DIRECT, 15 PASS_ON, 16 RETURN, 17 ADJUST, 18 CONSUME, 19 PRODUCE.
--
-- The id of a movement, a UUID that follows from network and position (MovementId() in domain/types.h), needs no column and no index.
-- Columns stand in the order that needs no padding; what is not set is NULL and takes no room. There are no foreign keys: the trigger asks
-- for a whole batch at once what they would ask row by row.
CREATE TABLE movements (
  position          bigint NOT NULL,
  occurred_time     timestamptz NOT NULL,
  recorded_time     timestamptz NOT NULL,
  ledger            integer NOT NULL,
  lot               integer NOT NULL,
  from_place        integer NOT NULL,
  to_place          integer NOT NULL,
  items             integer NOT NULL CHECK (items BETWEEN 1 AND 100000000),
  actor             integer NOT NULL,
  kind              smallint NOT NULL CHECK (kind BETWEEN 1 AND 19),
  request_id        uuid NOT NULL,
  request_hash      bytea NOT NULL CHECK (octet_length(request_hash) = 16),
  leaf_hash         bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
  -- For which group: recipients.number.
  recipient         integer,
  reservation_id    uuid,
  delivery_id       uuid,
  -- The transfer, transformation, stocktake or recall that it is part of; which of them, its effect says.
  operation_id      uuid,
  -- Of a reversal: the position of what it undoes, and the kind of what it takes back or, as the reversal of a reversal, gives again.
  reverses          bigint,
  effect_kind       smallint,
  takes_back        boolean,
  households        integer CHECK (households > 0),
  reason            text CHECK (reason <> ''),
  note              text CHECK (note <> ''),
  municipality_code text CHECK (municipality_code <> ''),
  PRIMARY KEY (ledger, position),
  -- Between which kinds of places: the effect, from and to, a digit each for the places. What is taken back goes the other way.
  CONSTRAINT movements_places CHECK (
    coalesce(effect_kind, kind) * 100 + CASE WHEN takes_back THEN to_place % 10 * 10 + from_place % 10
                                             ELSE from_place % 10 * 10 + to_place % 10 END IN (
      121, 211,             -- RECEIVE donor → shelf, TRANSFER shelf → shelf
      311, 411, 511,        -- RESERVE, VOID, EXPIRE on a shelf
      613, 734, 836, 876,   -- ISSUE shelf → delivery, CONFIRM delivery → group, SHORTAGE delivery or transit → adjustment
      915, 945,             -- DISCARD shelf or group → waste
      1122,                 -- REFUSE at the door: donor → the same donor
      1217, 1371,           -- SEND shelf → transit, ARRIVE transit → shelf
      1423, 1543,           -- DIRECT donor → delivery, PASS_ON group → delivery
      1631, 1641, 1612,     -- RETURN delivery or group → shelf, shelf → donor
      1761, 1716,           -- ADJUST adjustment → shelf, shelf → adjustment
      1818, 1981)),         -- CONSUME shelf → workshop, PRODUCE workshop → shelf
  -- RESERVE, VOID, EXPIRE and REFUSE move nothing; everything else moves.
  CONSTRAINT movements_stay CHECK ((coalesce(effect_kind, kind) IN (3, 4, 5, 11)) = (from_place = to_place)),
  CONSTRAINT movements_reservation CHECK (
    CASE WHEN kind IN (3, 4, 5) THEN reservation_id IS NOT NULL ELSE reservation_id IS NULL OR kind = 6 END),
  -- What is promised, and what is on its way to a group or was, belongs to a delivery; and a delivery is for a group.
  CONSTRAINT movements_delivery CHECK (
    (delivery_id IS NOT NULL) = (kind IN (3, 4, 5) OR from_place % 10 = 3 OR to_place % 10 = 3)
    AND (delivery_id IS NULL OR recipient IS NOT NULL)),
  -- What is in transit belongs to a transfer, what is in the workshop to a transformation.
  CONSTRAINT movements_operation CHECK (operation_id IS NOT NULL OR NOT (from_place % 10 IN (7, 8) OR to_place % 10 IN (7, 8))),
  -- Promises are given up, not reversed.
  CONSTRAINT movements_reversal CHECK (
    CASE WHEN kind = 10 THEN reverses IS NOT NULL AND reverses < position AND takes_back IS NOT NULL
                             AND effect_kind IS NOT NULL AND effect_kind NOT IN (3, 4, 5, 10)
         ELSE reverses IS NULL AND effect_kind IS NULL AND takes_back IS NULL END)
);
-- Every index is paid for by every movement it holds, so there are few. What someone did ("mine") and what went through other places than
-- shelves is found by reading backwards along the primary key, in bounded steps.
CREATE INDEX movements_request ON movements (ledger, request_id);
CREATE INDEX movements_lot ON movements (ledger, lot, position);
-- Of a shelf, as the one end or the other.
CREATE INDEX movements_from_shelf ON movements (ledger, from_place, position) WHERE from_place % 10 = 1;
CREATE INDEX movements_to_shelf ON movements (ledger, to_place, position) WHERE to_place % 10 = 1 AND from_place <> to_place;
-- A delivery or an operation has few movements: they are sorted when they are read, and a key that recurs is stored once.
CREATE INDEX movements_of_delivery ON movements (ledger, delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX movements_of_operation ON movements (ledger, operation_id) WHERE operation_id IS NOT NULL;
CREATE INDEX movements_recipient ON movements (ledger, recipient, position) WHERE recipient IS NOT NULL;
CREATE UNIQUE INDEX movements_reverses ON movements (ledger, reverses) WHERE reverses IS NOT NULL;
-- Refusals at the door are few among a lot's movements, and asked for with every receipt of an offer line.
CREATE INDEX movements_refused ON movements (ledger, lot) WHERE coalesce(effect_kind, kind) = 11;

-- What the movements add up to. A donor's balance is minus what it gave; waste, adjustment and workshop may have either sign; what stands
-- on a shelf, is on its way or is with a group is never below zero. Most updates change `on_hand` and `reserved` only, which no index
-- names, so they stay within their page (HOT; fillfactor keeps room for them).
CREATE TABLE balances (
  on_hand       bigint NOT NULL,
  reserved      bigint NOT NULL,
  ledger        integer NOT NULL,
  lot           integer NOT NULL,
  place         integer NOT NULL,
  -- Copies of facts that never change, so that lists by date and first-to-expire-first need no join.
  last_good_day date NOT NULL,
  product_id    uuid NOT NULL,
  warehouse_id  uuid,
  present       boolean NOT NULL GENERATED ALWAYS AS (on_hand > 0) STORED,
  PRIMARY KEY (ledger, lot, place),
  CONSTRAINT balances_on_hand CHECK (on_hand >= 0 OR place % 10 NOT IN (1, 3, 4, 7)),
  CONSTRAINT balances_reserved CHECK (reserved >= 0 AND (reserved = 0 OR (place % 10 = 1 AND reserved <= on_hand)))
) WITH (fillfactor = 70);
CREATE INDEX balances_by_day ON balances (ledger, last_good_day, lot, place) WHERE present AND place % 10 = 1;
CREATE INDEX balances_by_warehouse ON balances (ledger, warehouse_id, last_good_day, lot, place) WHERE present AND place % 10 = 1;
CREATE INDEX balances_by_product ON balances (ledger, product_id, last_good_day, lot, place) WHERE present AND place % 10 = 1;
CREATE INDEX balances_by_place ON balances (ledger, place, last_good_day, lot) WHERE present;

CREATE TABLE deliveries (
  network_id    uuid NOT NULL,
  delivery_id   uuid NOT NULL,
  group_id      uuid NOT NULL,
  -- By ISSUE, DIRECT and PASS_ON.
  issued_items  bigint NOT NULL DEFAULT 0 CHECK (issued_items >= 0),
  -- Issued, and neither confirmed nor short nor returned.
  open_items    bigint NOT NULL DEFAULT 0 CHECK (open_items >= 0),
  issued        boolean NOT NULL GENERATED ALWAYS AS (issued_items > 0) STORED,
  -- Of the first that was issued: where it came from, its position (orders the list), and when.
  source_place  uuid,
  ship_position bigint,
  ship_time     timestamptz,
  -- Of the last that arrived, was short or came back.
  confirm_time  timestamptz,
  PRIMARY KEY (network_id, delivery_id)
) WITH (fillfactor = 80);
CREATE INDEX deliveries_newest ON deliveries (network_id, ship_position) WHERE issued;
CREATE INDEX deliveries_group ON deliveries (network_id, group_id, ship_position) WHERE issued;

CREATE TABLE delivery_lines (
  network_id      uuid NOT NULL,
  delivery_id     uuid NOT NULL,
  lot_id          uuid NOT NULL,
  issued_items    bigint NOT NULL DEFAULT 0,
  confirmed_items bigint NOT NULL DEFAULT 0,
  short_items     bigint NOT NULL DEFAULT 0,
  returned_items  bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (network_id, delivery_id, lot_id),
  FOREIGN KEY (network_id, delivery_id) REFERENCES deliveries,
  CONSTRAINT delivery_lines_sum CHECK (confirmed_items >= 0 AND short_items >= 0 AND returned_items >= 0
                                       AND confirmed_items + short_items + returned_items <= issued_items)
) WITH (fillfactor = 80);
-- For "lots this group has received".
CREATE INDEX delivery_lines_lot ON delivery_lines (network_id, lot_id);

-- Goods that go from one warehouse to another: kubari.stock.v1.Transfer.
CREATE TABLE transfers (
  network_id        uuid NOT NULL,
  transfer_id       uuid NOT NULL,
  from_warehouse_id uuid NOT NULL,
  to_warehouse_id   uuid NOT NULL,
  sent_items        bigint NOT NULL DEFAULT 0 CHECK (sent_items >= 0),
  -- Sent, and neither arrived nor short.
  open_items        bigint NOT NULL DEFAULT 0 CHECK (open_items >= 0),
  sent              boolean NOT NULL GENERATED ALWAYS AS (sent_items > 0) STORED,
  -- Of the first that was sent; its position orders the list.
  send_position     bigint,
  send_time         timestamptz,
  arrive_time       timestamptz,
  PRIMARY KEY (network_id, transfer_id),
  CONSTRAINT transfers_two_warehouses CHECK (from_warehouse_id <> to_warehouse_id)
) WITH (fillfactor = 80);
CREATE INDEX transfers_newest ON transfers (network_id, send_position) WHERE sent;
CREATE INDEX transfers_from ON transfers (network_id, from_warehouse_id, send_position) WHERE sent;
CREATE INDEX transfers_to ON transfers (network_id, to_warehouse_id, send_position) WHERE sent;

CREATE TABLE transfer_lines (
  network_id    uuid NOT NULL,
  transfer_id   uuid NOT NULL,
  lot_id        uuid NOT NULL,
  sent_items    bigint NOT NULL DEFAULT 0,
  arrived_items bigint NOT NULL DEFAULT 0,
  short_items   bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (network_id, transfer_id, lot_id),
  FOREIGN KEY (network_id, transfer_id) REFERENCES transfers,
  CONSTRAINT transfer_lines_sum CHECK (arrived_items >= 0 AND short_items >= 0 AND arrived_items + short_items <= sent_items)
) WITH (fillfactor = 80);

-- Row-level security: every statement sees and writes the network of its transaction only, the owner's functions below included.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['products', 'warehouses', 'places', 'lots', 'stopped_lots', 'ledgers', 'actors', 'recipients', 'reservations',
                              'deliveries', 'delivery_lines', 'transfers', 'transfer_lines'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY network ON %I USING (network_id = nullif(current_setting(''kubari.network'', true), '''')::uuid)', name);
  END LOOP;
  -- The network's ledger is looked up once a statement, not once a row.
  FOREACH name IN ARRAY ARRAY['movements', 'balances'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY network ON %I USING (ledger = (SELECT g.ledger FROM ledgers g '
                   'WHERE g.network_id = nullif(current_setting(''kubari.network'', true), '''')::uuid))', name);
  END LOOP;
END $$;

-- For readers: movements and balances with UUIDs, under the rights of who asks. Filters that find an index: network, and of movements
-- position, lot, request, delivery, operation, group and reverses; of balances lot, place, warehouse, product and day.
CREATE VIEW ledger_entries WITH (security_invoker = true) AS
  SELECT g.network_id, m.position, m.kind, l.lot_id, f.place_id AS from_place, f.kind AS from_kind, t.place_id AS to_place,
         t.kind AS to_kind, m.items, m.reservation_id, m.delivery_id, r.group_id, m.operation_id,
         m.reverses,  -- the position of what it undoes
         coalesce(m.effect_kind, m.kind) AS effect_kind, coalesce(m.takes_back, false) AS takes_back,
         coalesce(m.reason, '') AS reason, coalesce(m.note, '') AS note, a.actor, m.occurred_time, m.recorded_time,
         coalesce(m.households, 0) AS households, coalesce(m.municipality_code, '') AS municipality_code, m.request_id, m.request_hash,
         m.leaf_hash
    FROM ledgers g
    JOIN movements m ON m.ledger = g.ledger
    JOIN lots l ON l.network_id = g.network_id AND l.number = m.lot
    JOIN places f ON f.network_id = g.network_id AND f.number = m.from_place
    JOIN places t ON t.network_id = g.network_id AND t.number = m.to_place
    JOIN actors a ON a.network_id = g.network_id AND a.number = m.actor
    LEFT JOIN recipients r ON r.network_id = g.network_id AND r.number = m.recipient;

CREATE VIEW stock_balances WITH (security_invoker = true) AS
  SELECT g.network_id, l.lot_id, p.place_id, b.on_hand, b.reserved, b.present, p.kind AS place_kind, b.warehouse_id, b.product_id,
         b.last_good_day
    FROM ledgers g
    JOIN balances b ON b.ledger = g.ledger
    JOIN lots l ON l.network_id = g.network_id AND l.number = b.lot
    JOIN places p ON p.network_id = g.network_id AND p.number = b.place;

-- Locks the head of a network's ledger until the transaction ends, and makes it first if need be.
CREATE FUNCTION lock_head(network uuid) RETURNS SETOF ledgers
LANGUAGE plpgsql SECURITY DEFINER SET search_path = stock, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT * FROM ledgers g WHERE g.network_id = network FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO ledgers (network_id) VALUES (network) ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT * FROM ledgers g WHERE g.network_id = network FOR UPDATE;
  END IF;
END $$;

-- Gives out the next numbers of a network, so many for new lots, places, actors and recipients; returns the first of each. A place's number
-- is ten times what it gets here, plus its kind.
CREATE FUNCTION take_numbers(network uuid, lots integer, places integer, actors integer, recipients integer)
RETURNS TABLE (first_lot integer, first_place integer, first_actor integer, first_recipient integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = stock, pg_temp AS $$
BEGIN
  PERFORM lock_head(network);
  RETURN QUERY UPDATE ledgers g SET next_lot = g.next_lot + lots, next_place = g.next_place + places, next_actor = g.next_actor + actors,
                                    next_recipient = g.next_recipient + recipients
                WHERE g.network_id = network
            RETURNING g.next_lot - lots, g.next_place - places, g.next_actor - actors, g.next_recipient - recipients;
END $$;

-- What a batch changes of one balance.
CREATE TYPE balance_change AS (lot integer, place integer, on_hand bigint, reserved bigint);

-- Everything that follows from new movements: one statement for each thing that follows, however many movements there are, and none for
-- what no movement of the batch touches. Joins are few rows against large indexed tables; the settings have them planned once a session,
-- and keep a plan that was made while the tables were small from scanning them later.
CREATE FUNCTION apply_movements() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = stock, pg_temp SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  batch record;
  network uuid;
  changes balance_change[];
  known bigint;
  made bigint;
BEGIN
  SELECT count(*) AS movements, min(a.ledger) AS ledger, max(a.ledger) AS last_ledger, min(a.position) AS first, max(a.position) AS last,
         min(a.recorded_time) AS recorded, max(a.recorded_time) AS last_recorded, bool_or(a.kind = 10) AS any_reversal,
         bool_or(a.reservation_id IS NOT NULL) AS any_promise, bool_or(a.delivery_id IS NOT NULL) AS any_delivery,
         bool_or(a.from_place % 10 = 7 OR a.to_place % 10 = 7) AS any_transfer
    INTO batch FROM added a;
  IF batch.movements = 0 THEN
    RETURN NULL;
  END IF;

  -- The head moves on: positions follow it without a gap, movements recorded together have one time, and time does not go back.
  UPDATE ledgers g SET next_position = batch.last + 1, last_recorded_time = batch.recorded
   WHERE g.ledger = batch.ledger AND g.ledger = batch.last_ledger
     AND g.next_position = batch.first AND batch.last = batch.first + batch.movements - 1
     AND g.last_recorded_time <= batch.recorded AND batch.recorded = batch.last_recorded
  RETURNING g.network_id INTO network;
  IF network IS NULL THEN
    IF EXISTS (SELECT FROM ledgers g WHERE g.ledger = batch.ledger AND g.next_position = batch.first)
       AND batch.last = batch.first + batch.movements - 1 THEN
      RAISE EXCEPTION 'recorded_time goes back, or is not one' USING ERRCODE = 'check_violation', CONSTRAINT = 'movements_recorded_time';
    END IF;
    RAISE EXCEPTION 'positions % to % do not follow the head', batch.first, batch.last
      USING ERRCODE = 'check_violation', CONSTRAINT = 'movements_position';
  END IF;

  -- A reversal mirrors what it undoes.
  IF batch.any_reversal AND EXISTS (
    SELECT FROM added a LEFT JOIN movements o ON o.ledger = a.ledger AND o.position = a.reverses
     WHERE a.kind = 10
       AND (o.lot, o.items, o.from_place, o.to_place, o.delivery_id, o.recipient, o.operation_id,
            coalesce(o.effect_kind, o.kind), NOT coalesce(o.takes_back, false))
           IS DISTINCT FROM
           (a.lot, a.items, a.to_place, a.from_place, a.delivery_id, a.recipient, a.operation_id, a.effect_kind, a.takes_back)) THEN
    RAISE EXCEPTION 'a reversal does not mirror its movement' USING ERRCODE = 'check_violation', CONSTRAINT = 'movements_mirror';
  END IF;

  -- Balances of both ends. What has none yet gets one made of its lot and its place; if that fails, there is no such lot or place. So every
  -- movement's lot and places exist, and in the common case they are not even looked up.
  SELECT array_agg((c.lot, c.place, c.on_hand, c.reserved)::balance_change) INTO changes
    FROM (SELECT e.lot, e.place, sum(e.on_hand) AS on_hand, sum(e.reserved) AS reserved
            FROM (SELECT a.lot, a.from_place AS place, CASE WHEN a.from_place = a.to_place THEN 0 ELSE -a.items END AS on_hand,
                         CASE WHEN a.reservation_id IS NULL THEN 0 WHEN a.kind = 3 THEN a.items ELSE -a.items END AS reserved
                    FROM added a
                  UNION ALL
                  SELECT a.lot, a.to_place, a.items, 0 FROM added a WHERE a.from_place <> a.to_place) e
           GROUP BY e.lot, e.place) c;
  UPDATE balances b SET on_hand = b.on_hand + c.on_hand, reserved = b.reserved + c.reserved
    FROM unnest(changes) c WHERE b.ledger = batch.ledger AND b.lot = c.lot AND b.place = c.place;
  GET DIAGNOSTICS known = ROW_COUNT;
  IF known < cardinality(changes) THEN
    INSERT INTO balances (ledger, lot, place, on_hand, reserved, warehouse_id, product_id, last_good_day)
    SELECT batch.ledger, c.lot, c.place, c.on_hand, c.reserved, p.warehouse_id, l.product_id, l.last_good_day
      FROM unnest(changes) c
      JOIN lots l ON l.network_id = network AND l.number = c.lot
      JOIN places p ON p.network_id = network AND p.number = c.place
     WHERE NOT EXISTS (SELECT FROM balances b WHERE b.ledger = batch.ledger AND b.lot = c.lot AND b.place = c.place);
    GET DIAGNOSTICS made = ROW_COUNT;
    IF known + made <> cardinality(changes) THEN
      RAISE EXCEPTION 'a movement of an unknown lot or place' USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'movements_known';
    END IF;
  END IF;
  IF (SELECT count(DISTINCT a.actor) FROM added a)
     <> (SELECT count(*) FROM actors x WHERE x.network_id = network AND x.number IN (SELECT a.actor FROM added a)) THEN
    RAISE EXCEPTION 'a movement of an unknown actor' USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'movements_known';
  END IF;
  IF EXISTS (SELECT FROM added a LEFT JOIN recipients r ON r.network_id = network AND r.number = a.recipient
              WHERE a.recipient IS NOT NULL AND r.number IS NULL) THEN
    RAISE EXCEPTION 'a movement for an unknown group' USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'movements_known';
  END IF;

  -- Reservations: RESERVE opens them; VOID, EXPIRE and ISSUE use them up.
  IF batch.any_promise THEN
    IF EXISTS (
      SELECT FROM added a
        LEFT JOIN reservations r ON r.network_id = network AND r.reservation_id = a.reservation_id
        LEFT JOIN lots l ON l.network_id = network AND l.lot_id = r.lot_id
        LEFT JOIN places p ON p.network_id = network AND p.place_id = r.place_id
        LEFT JOIN recipients g ON g.network_id = network AND g.group_id = r.group_id
       WHERE a.reservation_id IS NOT NULL
         AND (l.number, p.number, g.number, r.delivery_id) IS DISTINCT FROM (a.lot, a.from_place, a.recipient, a.delivery_id)) THEN
      RAISE EXCEPTION 'a movement differs from its reservation' USING ERRCODE = 'check_violation', CONSTRAINT = 'movements_promise';
    END IF;
    UPDATE reservations r SET open_items = r.open_items + c.items
      FROM (SELECT a.reservation_id, sum(CASE WHEN a.kind = 3 THEN a.items ELSE -a.items END) AS items
              FROM added a WHERE a.reservation_id IS NOT NULL GROUP BY a.reservation_id) c
     WHERE r.network_id = network AND r.reservation_id = c.reservation_id;
  END IF;

  -- Deliveries: one group each, to whose place they go; their lines count what was issued, and what became of it.
  IF batch.any_delivery THEN
    INSERT INTO deliveries (network_id, delivery_id, group_id)
    SELECT DISTINCT network, a.delivery_id, r.group_id
      FROM added a JOIN recipients r ON r.network_id = network AND r.number = a.recipient WHERE a.delivery_id IS NOT NULL
    ON CONFLICT DO NOTHING;
    IF EXISTS (
      SELECT FROM added a
        JOIN deliveries d ON d.network_id = network AND d.delivery_id = a.delivery_id
        JOIN recipients r ON r.network_id = network AND r.number = a.recipient
        LEFT JOIN places p ON p.network_id = network
                          AND p.number = CASE WHEN a.from_place % 10 = 3 THEN a.from_place WHEN a.to_place % 10 = 3 THEN a.to_place END
       WHERE d.group_id <> r.group_id OR p.party <> 'groups/' || r.group_id) THEN
      RAISE EXCEPTION 'a delivery of two groups' USING ERRCODE = 'check_violation', CONSTRAINT = 'deliveries_group';
    END IF;
    INSERT INTO delivery_lines (network_id, delivery_id, lot_id)
    SELECT DISTINCT network, a.delivery_id, l.lot_id
      FROM added a JOIN lots l ON l.network_id = network AND l.number = a.lot WHERE a.delivery_id IS NOT NULL AND a.kind IN (6, 14, 15)
    ON CONFLICT DO NOTHING;
    UPDATE delivery_lines d
       SET issued_items = d.issued_items + c.issued, confirmed_items = d.confirmed_items + c.confirmed,
           short_items = d.short_items + c.short, returned_items = d.returned_items + c.returned
      FROM (SELECT e.delivery_id, l.lot_id, coalesce(sum(e.items) FILTER (WHERE e.effect IN (6, 14, 15)), 0) AS issued,
                   coalesce(sum(e.items) FILTER (WHERE e.effect = 7), 0) AS confirmed,
                   coalesce(sum(e.items) FILTER (WHERE e.effect = 8), 0) AS short,
                   coalesce(sum(e.items) FILTER (WHERE e.effect = 16), 0) AS returned
              FROM (SELECT a.delivery_id, a.lot, coalesce(a.effect_kind, a.kind) AS effect,
                           CASE WHEN a.takes_back THEN -a.items ELSE a.items END AS items
                      FROM added a WHERE a.delivery_id IS NOT NULL AND a.from_place <> a.to_place) e
              JOIN lots l ON l.network_id = network AND l.number = e.lot
             GROUP BY e.delivery_id, l.lot_id) c
     WHERE d.network_id = network AND d.delivery_id = c.delivery_id AND d.lot_id = c.lot_id;
    UPDATE deliveries d
       SET issued_items = s.issued, open_items = s.open, source_place = coalesce(d.source_place, p.place_id),
           ship_position = coalesce(d.ship_position, f.position), ship_time = coalesce(d.ship_time, f.occurred_time),
           confirm_time = greatest(d.confirm_time, c.confirm_time)
      FROM (SELECT a.delivery_id, min(a.position) FILTER (WHERE a.kind IN (6, 14, 15)) AS first_issue,
                   max(a.occurred_time) FILTER (WHERE a.kind IN (7, 8, 16)) AS confirm_time
              FROM added a WHERE a.delivery_id IS NOT NULL AND a.from_place <> a.to_place GROUP BY a.delivery_id) c
      LEFT JOIN movements f ON f.ledger = batch.ledger AND f.position = c.first_issue
      LEFT JOIN places p ON p.network_id = network AND p.number = f.from_place
      CROSS JOIN LATERAL (SELECT coalesce(sum(l.issued_items), 0) AS issued,
                                 coalesce(sum(l.issued_items - l.confirmed_items - l.short_items - l.returned_items), 0) AS open
                            FROM delivery_lines l WHERE l.network_id = network AND l.delivery_id = c.delivery_id) s
     WHERE d.network_id = network AND d.delivery_id = c.delivery_id;
  END IF;

  -- Transfers: from one warehouse to one other; their lines count what was sent, and what became of it.
  IF batch.any_transfer THEN
    INSERT INTO transfers (network_id, transfer_id, from_warehouse_id, to_warehouse_id)
    SELECT DISTINCT network, a.operation_id, f.warehouse_id, substr(t.party, 12)::uuid
      FROM added a
      JOIN places f ON f.network_id = network AND f.number = a.from_place
      JOIN places t ON t.network_id = network AND t.number = a.to_place
     WHERE a.kind = 12
    ON CONFLICT DO NOTHING;
    -- Its shelves are in these two warehouses, its place in transit is the receiver's.
    IF EXISTS (
      SELECT FROM (SELECT a.operation_id, coalesce(a.effect_kind, a.kind) AS effect,
                          CASE WHEN a.takes_back THEN a.to_place ELSE a.from_place END AS source,
                          CASE WHEN a.takes_back THEN a.from_place ELSE a.to_place END AS target
                     FROM added a WHERE a.from_place % 10 = 7 OR a.to_place % 10 = 7) e
        JOIN places f ON f.network_id = network AND f.number = e.source
        JOIN places t ON t.network_id = network AND t.number = e.target
        LEFT JOIN transfers x ON x.network_id = network AND x.transfer_id = e.operation_id
       WHERE (x.from_warehouse_id, x.to_warehouse_id) IS DISTINCT FROM
             (CASE e.effect WHEN 12 THEN f.warehouse_id ELSE x.from_warehouse_id END,
              CASE e.effect WHEN 13 THEN t.warehouse_id ELSE x.to_warehouse_id END)
          OR x.transfer_id IS NULL OR CASE e.effect WHEN 12 THEN t.party ELSE f.party END <> 'warehouses/' || x.to_warehouse_id) THEN
      RAISE EXCEPTION 'a transfer between other warehouses' USING ERRCODE = 'check_violation', CONSTRAINT = 'transfers_warehouses';
    END IF;
    INSERT INTO transfer_lines (network_id, transfer_id, lot_id)
    SELECT DISTINCT network, a.operation_id, l.lot_id
      FROM added a JOIN lots l ON l.network_id = network AND l.number = a.lot WHERE a.kind = 12
    ON CONFLICT DO NOTHING;
    UPDATE transfer_lines x
       SET sent_items = x.sent_items + c.sent, arrived_items = x.arrived_items + c.arrived, short_items = x.short_items + c.short
      FROM (SELECT e.operation_id, l.lot_id, coalesce(sum(e.items) FILTER (WHERE e.effect = 12), 0) AS sent,
                   coalesce(sum(e.items) FILTER (WHERE e.effect = 13), 0) AS arrived,
                   coalesce(sum(e.items) FILTER (WHERE e.effect = 8), 0) AS short
              FROM (SELECT a.operation_id, a.lot, coalesce(a.effect_kind, a.kind) AS effect,
                           CASE WHEN a.takes_back THEN -a.items ELSE a.items END AS items
                      FROM added a WHERE a.from_place % 10 = 7 OR a.to_place % 10 = 7) e
              JOIN lots l ON l.network_id = network AND l.number = e.lot
             GROUP BY e.operation_id, l.lot_id) c
     WHERE x.network_id = network AND x.transfer_id = c.operation_id AND x.lot_id = c.lot_id;
    UPDATE transfers x
       SET sent_items = s.sent, open_items = s.open, send_position = coalesce(x.send_position, c.send_position),
           send_time = coalesce(x.send_time, f.occurred_time), arrive_time = greatest(x.arrive_time, c.arrive_time)
      FROM (SELECT a.operation_id, min(a.position) FILTER (WHERE a.kind = 12) AS send_position,
                   max(a.occurred_time) FILTER (WHERE a.kind IN (8, 13)) AS arrive_time
              FROM added a WHERE a.from_place % 10 = 7 OR a.to_place % 10 = 7 GROUP BY a.operation_id) c
      LEFT JOIN movements f ON f.ledger = batch.ledger AND f.position = c.send_position
      CROSS JOIN LATERAL (SELECT coalesce(sum(l.sent_items), 0) AS sent,
                                 coalesce(sum(l.sent_items - l.arrived_items - l.short_items), 0) AS open
                            FROM transfer_lines l WHERE l.network_id = network AND l.transfer_id = c.operation_id) s
     WHERE x.network_id = network AND x.transfer_id = c.operation_id;
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
                WHERE r.open AND r.expire_time <= at ORDER BY r.expire_time LIMIT at_most;
  PERFORM set_config('kubari.overdue', '', true);
END $$;

-- The service's rights: no more than it uses. Of movements: to add and to read.
REVOKE ALL ON FUNCTION lock_head(uuid), take_numbers(uuid, integer, integer, integer, integer), apply_movements(),
  overdue_reservations(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lock_head(uuid), take_numbers(uuid, integer, integer, integer, integer),
  overdue_reservations(timestamptz, integer) TO kubari_stock;
GRANT SELECT, INSERT ON products, warehouses, places, lots, actors, recipients, movements TO kubari_stock;
GRANT SELECT, INSERT, DELETE ON stopped_lots TO kubari_stock;
GRANT SELECT ON ledgers, balances, reservations, deliveries, delivery_lines, transfers, transfer_lines, ledger_entries, stock_balances
  TO kubari_stock;
GRANT INSERT (network_id, reservation_id, lot_id, place_id, group_id, delivery_id, items, expire_time, create_time) ON reservations
  TO kubari_stock;
GRANT UPDATE (expire_time) ON reservations TO kubari_stock;
