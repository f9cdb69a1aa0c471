-- Recalls: which goods are stopped, who was told, and what became of the goods.
--
-- `recall_lots` has every lot of a recall: those that fit its goods and those made from them, also the ones that come later (the two
-- triggers below). `stopped_lots` (0001) has those that may be neither promised nor handed over: of open recalls that are no drill, and
-- of closed ones that keep them stopped. Whoever opens or closes a recall holds the ledger's lock (lock_head), and so does whoever
-- adds a lot; no pick is decided between the two. What holders have is never stored: it is asked from the ledger.

-- state: kubari.stock.v1.RecallState.
CREATE TABLE recalls (
  network_id       uuid NOT NULL,
  recall_id        uuid NOT NULL,
  title            text NOT NULL CHECK (title <> ''),
  message          text NOT NULL CHECK (message <> ''),
  -- As the contract shows it (kubari.stock.v1.Goods, proto JSON), and what lots are compared with. No GTIN: the named lots only.
  goods            jsonb NOT NULL,
  gtin             text CHECK (gtin ~ '^[0-9]{14}$'),
  date_kind        smallint CHECK (date_kind BETWEEN 1 AND 3),
  good_until       text,
  donor_lot_number text,
  drill            boolean NOT NULL,
  state            smallint NOT NULL DEFAULT 1 CHECK (state IN (1, 2)),
  opened_by        text NOT NULL CHECK (opened_by <> ''),
  open_time        timestamptz NOT NULL,
  -- Movements from here on are "since the recall began".
  open_position    bigint NOT NULL CHECK (open_position >= 0),
  close_time       timestamptz,
  closed_by        text,
  close_note       text NOT NULL DEFAULT '',
  keep_stopped     boolean NOT NULL DEFAULT false,
  PRIMARY KEY (network_id, recall_id),
  CHECK (gtin IS NOT NULL OR coalesce(date_kind::text, good_until, donor_lot_number) IS NULL),
  CHECK ((state = 2) = (close_time IS NOT NULL) AND (state = 2) = (closed_by IS NOT NULL)),
  CHECK (NOT (drill AND keep_stopped))
);
CREATE INDEX recalls_newest ON recalls (network_id, open_time DESC, recall_id DESC);
CREATE INDEX recalls_open ON recalls (network_id) WHERE state = 1;

CREATE TABLE recall_lots (
  network_id uuid NOT NULL,
  recall_id  uuid NOT NULL,
  lot_id     uuid NOT NULL,
  -- The recalled lot that it was made from; NULL: it fits the goods itself.
  from_lot   uuid,
  PRIMARY KEY (network_id, recall_id, lot_id),
  FOREIGN KEY (network_id, recall_id) REFERENCES recalls
);
CREATE INDEX recall_lots_lot ON recall_lots (network_id, lot_id);

-- holder_kind: 1 a group, 2 the operator of a warehouse. One notice for each holder.
CREATE TABLE recall_notices (
  network_id       uuid NOT NULL,
  recall_id        uuid NOT NULL,
  notice_id        uuid NOT NULL,
  holder_kind      smallint NOT NULL CHECK (holder_kind IN (1, 2)),
  holder_id        uuid NOT NULL,
  send_time        timestamptz NOT NULL,
  remind_time      timestamptz,
  reminders        integer NOT NULL DEFAULT 0 CHECK (reminders >= 0 AND (reminders > 0) = (remind_time IS NOT NULL)),
  acknowledge_time timestamptz,
  acknowledged_by  text,
  PRIMARY KEY (network_id, notice_id),
  CONSTRAINT recall_notices_holder UNIQUE (network_id, recall_id, holder_kind, holder_id),
  FOREIGN KEY (network_id, recall_id) REFERENCES recalls,
  CHECK ((acknowledge_time IS NULL) = (acknowledged_by IS NULL))
);
CREATE INDEX recall_notices_newest ON recall_notices (network_id, send_time DESC, notice_id DESC);
CREATE INDEX recall_notices_of_holder ON recall_notices (network_id, holder_id, send_time DESC, notice_id DESC);

-- What holders told, a row a lot; only ever added to, so that what was told before stays readable. The last one counts.
CREATE TABLE recall_answers (
  network_id      uuid NOT NULL,
  notice_id       uuid NOT NULL,
  lot_id          uuid NOT NULL,
  answer          bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  -- NULL: this answer said nothing about it.
  consumed_items  bigint CHECK (consumed_items >= 0),
  -- For the record; the ledger has the movements.
  discarded_items bigint NOT NULL CHECK (discarded_items >= 0),
  note            text NOT NULL,
  answered_by     text NOT NULL CHECK (answered_by <> ''),
  answer_time     timestamptz NOT NULL,
  PRIMARY KEY (network_id, notice_id, lot_id, answer),
  FOREIGN KEY (network_id, notice_id) REFERENCES recall_notices
);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['recalls', 'recall_lots', 'recall_notices', 'recall_answers'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY network ON %I USING (network_id = nullif(current_setting(''kubari.network'', true), '''')::uuid)', name);
  END LOOP;
END $$;

-- Which lots ---------------------------------------------------------------------------------------------------------------------

-- Does a lot's printed date and donor lot number fit what a recall asks for (NULL: anything)? A month covers all its days.
CREATE FUNCTION date_and_number_fit(date_kind smallint, good_until text, lot_number text,
                                    wanted_kind smallint, wanted_until text, wanted_number text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT (wanted_kind IS NULL OR date_kind = wanted_kind)
     AND (wanted_until IS NULL OR good_until = wanted_until OR starts_with(good_until, wanted_until || '-'))
     AND (wanted_number IS NULL OR lot_number = wanted_number)
$$;

-- The lots of some goods. A GTIN is the product's own or that of its case.
CREATE FUNCTION lots_of_goods(network uuid, named uuid[], wanted_gtin text, wanted_kind smallint, wanted_until text, wanted_number text)
RETURNS SETOF uuid LANGUAGE sql STABLE ROWS 10 AS $$
  SELECT l.lot_id FROM lots l WHERE l.network_id = network AND l.lot_id = ANY (named)
  UNION
  SELECT l.lot_id
    FROM products p JOIN lots l ON l.network_id = p.network_id AND l.product_id = p.product_id
   WHERE p.network_id = network AND (p.gtin = wanted_gtin OR p.case_gtin = wanted_gtin)
     AND date_and_number_fit(l.date_kind, l.good_until, l.donor_lot_number, wanted_kind, wanted_until, wanted_number)
$$;

-- These lots and all that were made from them, from_lot as in recall_lots. Lot by lot and transformation by transformation, so that it costs
-- what the goods' own movements are.
CREATE FUNCTION with_lots_made_from(network uuid, seeds uuid[]) RETURNS TABLE (lot_id uuid, from_lot uuid)
LANGUAGE sql STABLE ROWS 10 AS $$
  WITH RECURSIVE made (lot_id, from_lot) AS (
    SELECT s, NULL::uuid FROM unnest(seeds) s
    UNION
    SELECT l.lot_id, m.lot_id
      FROM made m
      CROSS JOIN LATERAL (
        SELECT DISTINCT e.operation_id FROM movements e
         WHERE e.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = network) AND e.kind = 18 /* CONSUME */
           AND e.lot = (SELECT i.number FROM lots i WHERE i.network_id = network AND i.lot_id = m.lot_id)) o
      JOIN lots l ON l.network_id = network AND l.transformation_id = o.operation_id)
  SELECT DISTINCT ON (m.lot_id) m.lot_id, m.from_lot FROM made m ORDER BY m.lot_id, m.from_lot NULLS FIRST
$$;

-- A new lot that fits the goods of an open recall belongs to it at once.
CREATE FUNCTION recall_new_lot() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = stock, pg_temp AS $$
BEGIN
  INSERT INTO recall_lots (network_id, recall_id, lot_id)
  SELECT r.network_id, r.recall_id, NEW.lot_id
    FROM recalls r JOIN products p ON p.network_id = r.network_id AND p.product_id = NEW.product_id
   WHERE r.network_id = NEW.network_id AND r.state = 1 AND (p.gtin = r.gtin OR p.case_gtin = r.gtin)
     AND date_and_number_fit(NEW.date_kind, NEW.good_until, NEW.donor_lot_number, r.date_kind, r.good_until, r.donor_lot_number)
  ON CONFLICT DO NOTHING;
  IF FOUND THEN
    INSERT INTO stopped_lots (network_id, lot_id, recall_id)
    SELECT r.network_id, NEW.lot_id, r.recall_id FROM recall_lots l JOIN recalls r USING (network_id, recall_id)
     WHERE l.network_id = NEW.network_id AND l.lot_id = NEW.lot_id AND r.state = 1 AND NOT r.drill
    ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER recall_new_lot AFTER INSERT ON lots FOR EACH ROW EXECUTE FUNCTION recall_new_lot();

-- So does a lot that was made from one of its lots. Deferred: what went in is recorded after the lot is.
CREATE FUNCTION recall_made_lot() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = stock, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM recalls r WHERE r.network_id = NEW.network_id AND r.state = 1) THEN
    RETURN NULL;
  END IF;
  INSERT INTO recall_lots (network_id, recall_id, lot_id, from_lot)
  SELECT r.network_id, r.recall_id, NEW.lot_id, l.lot_id
    FROM movements e
    JOIN lots i ON i.network_id = NEW.network_id AND i.number = e.lot
    JOIN recall_lots l ON l.network_id = i.network_id AND l.lot_id = i.lot_id
    JOIN recalls r ON r.network_id = l.network_id AND r.recall_id = l.recall_id AND r.state = 1
   WHERE e.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = NEW.network_id) AND e.operation_id = NEW.transformation_id
     AND e.kind = 18 /* CONSUME */
  ON CONFLICT DO NOTHING;
  INSERT INTO stopped_lots (network_id, lot_id, recall_id)
  SELECT r.network_id, NEW.lot_id, r.recall_id FROM recall_lots l JOIN recalls r USING (network_id, recall_id)
   WHERE l.network_id = NEW.network_id AND l.lot_id = NEW.lot_id AND r.state = 1 AND NOT r.drill
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER recall_made_lot AFTER INSERT ON lots DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.transformation_id IS NOT NULL) EXECUTE FUNCTION recall_made_lot();

-- Who has what -------------------------------------------------------------------------------------------------------------------

-- What holders have: on shelves and with groups, or under way to them. Kinds of places (the last digit of their numbers) as in
-- kubari.stock.v1.PlaceKind: 1 shelf, 3 delivery, 4 group, 7 transit.
CREATE VIEW recall_holdings WITH (security_invoker = true) AS
SELECT l.network_id, l.lot_id, p.place_id, p.kind AS place_kind, p.kind IN (3, 7) AS under_way, b.on_hand, b.reserved,
       (CASE WHEN p.kind IN (3, 4) THEN 1 ELSE 2 END)::smallint AS holder_kind,
       CASE WHEN p.kind = 1 THEN p.warehouse_id ELSE split_part(p.party, '/', 2)::uuid END AS holder_id
  FROM lots l
  JOIN ledgers g ON g.network_id = l.network_id
  JOIN balances b ON b.ledger = g.ledger AND b.lot = l.number AND b.present AND b.place % 10 IN (1, 3, 4, 7)
  JOIN places p ON p.network_id = l.network_id AND p.number = b.place;

-- What movements of a lot did, summed up: by effect, by their two places (numbers), and by whether it happened since a position of the
-- ledger. What was taken back is subtracted, and the places are those of what was taken back. A sum for each lot, so that no plan
-- reads the movements of others.
CREATE FUNCTION effects_of_lot(of_ledger integer, of_lot integer, since bigint)
RETURNS TABLE (effect_kind smallint, from_place integer, to_place integer, is_since boolean, items bigint)
LANGUAGE sql STABLE ROWS 20 AS $$
  SELECT coalesce(m.effect_kind, m.kind), CASE WHEN m.takes_back THEN m.to_place ELSE m.from_place END,
         CASE WHEN m.takes_back THEN m.from_place ELSE m.to_place END, m.position >= since,
         sum(CASE WHEN m.takes_back THEN -m.items ELSE m.items END)
    FROM movements m
   WHERE m.ledger = of_ledger AND m.lot = of_lot
   GROUP BY 1, 2, 3, 4
$$;

-- What a holder told last about a lot.
CREATE VIEW recall_consumed WITH (security_invoker = true) AS
SELECT DISTINCT ON (a.network_id, a.notice_id, a.lot_id) a.network_id, a.notice_id, a.lot_id, a.consumed_items
  FROM recall_answers a
 WHERE a.consumed_items IS NOT NULL
 ORDER BY a.network_id, a.notice_id, a.lot_id, a.answer DESC;

-- Of these recalls, the lines of notices under which a holder has something now: `told` counts up to what is held, `open_items` is still
-- to be accounted for.
CREATE FUNCTION recall_lines(network uuid, recalls uuid[])
RETURNS TABLE (recall_id uuid, notice_id uuid, lot_id uuid, held bigint, under_way bigint, reserved bigint, told bigint, open_items bigint)
LANGUAGE sql STABLE AS $$
  SELECT n.recall_id, n.notice_id, h.lot_id, h.held, h.under_way, h.reserved, least(coalesce(c.consumed_items, 0), h.held),
         h.held + h.under_way - least(coalesce(c.consumed_items, 0), h.held)
    FROM (SELECT l.recall_id, o.holder_kind, o.holder_id, l.lot_id,
                 coalesce(sum(o.on_hand) FILTER (WHERE NOT o.under_way), 0)::bigint AS held,
                 coalesce(sum(o.on_hand) FILTER (WHERE o.under_way), 0)::bigint AS under_way,
                 sum(o.reserved)::bigint AS reserved
            FROM recall_lots l JOIN recall_holdings o ON o.network_id = l.network_id AND o.lot_id = l.lot_id
           WHERE l.network_id = network AND l.recall_id = ANY (recalls)
           GROUP BY l.recall_id, o.holder_kind, o.holder_id, l.lot_id) h
    JOIN recall_notices n ON n.network_id = network AND n.recall_id = h.recall_id
                         AND n.holder_kind = h.holder_kind AND n.holder_id = h.holder_id
    LEFT JOIN LATERAL (
      SELECT a.consumed_items FROM recall_answers a
       WHERE a.network_id = network AND a.notice_id = n.notice_id AND a.lot_id = h.lot_id AND a.consumed_items IS NOT NULL
       ORDER BY a.answer DESC LIMIT 1) c ON true
$$;

-- Open recalls of all networks: a question that no single network can ask, so that late holders are told without anyone looking. It
-- shows ids only. The policy opens the table to the owner's role alone, and only inside this function.
CREATE POLICY everywhere ON recalls FOR SELECT TO kubari_owner USING (current_setting('kubari.open_recalls', true) = 'on');
CREATE FUNCTION networks_with_open_recalls() RETURNS TABLE (network_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = stock, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.open_recalls', 'on', true);
  RETURN QUERY SELECT DISTINCT r.network_id FROM recalls r WHERE r.state = 1;
  PERFORM set_config('kubari.open_recalls', '', true);
END $$;

-- The service's rights: no more than it uses.
REVOKE ALL ON FUNCTION recall_new_lot(), recall_made_lot(), networks_with_open_recalls() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION networks_with_open_recalls() TO kubari_stock;
GRANT SELECT ON recalls, recall_lots, recall_notices, recall_answers, recall_holdings, recall_consumed TO kubari_stock;
GRANT INSERT ON recalls, recall_lots, recall_notices, recall_answers TO kubari_stock;
GRANT UPDATE (state, close_time, closed_by, close_note, keep_stopped) ON recalls TO kubari_stock;
GRANT UPDATE (remind_time, reminders, acknowledge_time, acknowledged_by) ON recall_notices TO kubari_stock;
