-- What the network asks of dates, and what in stock needs someone's attention.

-- `facts` is kubari.stock.v1.StockRules as proto JSON, without its etag; columns are what alerts are counted by. No row: nobody has set any.
CREATE TABLE stock_rules (
  network_id       uuid PRIMARY KEY,
  facts            jsonb NOT NULL,
  near_expiry_days smallint NOT NULL CHECK (near_expiry_days BETWEEN 1 AND 365),
  unconfirmed_days smallint NOT NULL CHECK (unconfirmed_days BETWEEN 1 AND 365),
  transit_days     smallint NOT NULL CHECK (transit_days BETWEEN 1 AND 365),
  version          bigint NOT NULL CHECK (version > 0),
  -- "people/{uuid}" …: who set them last, and when.
  actor            text NOT NULL,
  update_time      timestamptz NOT NULL
);

-- How much of a product should be free, in one warehouse or (NULL) in all of them together.
CREATE TABLE minimums (
  network_id   uuid NOT NULL,
  product_id   uuid NOT NULL,
  warehouse_id uuid,
  items        bigint NOT NULL CHECK (items BETWEEN 1 AND 100000000),
  CONSTRAINT minimums_one UNIQUE NULLS NOT DISTINCT (network_id, product_id, warehouse_id),
  FOREIGN KEY (network_id, product_id) REFERENCES products,
  FOREIGN KEY (network_id, warehouse_id) REFERENCES warehouses
);
CREATE INDEX minimums_warehouse ON minimums (network_id, warehouse_id) WHERE warehouse_id IS NOT NULL;

-- Someone wanted to take more from a shelf than the ledger says is on it. A request that is sent again is the same attempt. Written outside
-- the ledger's transactions and pruned (prune_short_attempts), so it is neither complete for ever nor part of any proof.
CREATE TABLE short_attempts (
  network_id   uuid NOT NULL,
  request_id   uuid NOT NULL,
  lot_id       uuid NOT NULL,
  place_id     uuid NOT NULL,
  warehouse_id uuid NOT NULL,
  requested    bigint NOT NULL CHECK (requested > on_hand),
  -- As it was then.
  on_hand      bigint NOT NULL,
  reserved     bigint NOT NULL,
  actor        text NOT NULL,
  attempt_time timestamptz NOT NULL,
  PRIMARY KEY (network_id, request_id)
);
CREATE INDEX short_attempts_newest ON short_attempts (network_id, attempt_time);
CREATE INDEX short_attempts_shelf ON short_attempts (network_id, lot_id, place_id);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['stock_rules', 'minimums', 'short_attempts'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY network ON %I USING (network_id = nullif(current_setting(''kubari.network'', true), '''')::uuid)', name);
  END LOOP;
END $$;

-- What is on its way, by when it left. The columns change when the last of it arrives and not with every movement, so updates of the rows
-- still touch no index (HOT).
ALTER TABLE deliveries ADD COLUMN open boolean NOT NULL GENERATED ALWAYS AS (open_items > 0) STORED;
CREATE INDEX deliveries_open ON deliveries (network_id, ship_time, delivery_id) WHERE open;
ALTER TABLE transfers ADD COLUMN open boolean NOT NULL GENERATED ALWAYS AS (open_items > 0) STORED;
CREATE INDEX transfers_open ON transfers (network_id, send_time, transfer_id) WHERE open;

-- Alerts -----------------------------------------------------------------------------------------------------------------------------
--
-- One function for each thing that AlertsService lists and counts, so both mean the same. They are plain SELECTs, which PostgreSQL merges
-- into the query that calls them: an ORDER BY … LIMIT outside reads the index only as far as the page goes. What they read grows with what
-- is in stock or on its way, never with history. `warehouse`: NULL for all.

-- Goods on shelves whose last good day lies between two days.
CREATE FUNCTION alert_shelves(network uuid, warehouse uuid, first_day date, last_day date)
RETURNS TABLE (lot integer, place integer, last_good_day date, on_hand bigint, reserved bigint)
LANGUAGE sql STABLE AS $$
  SELECT b.lot, b.place, b.last_good_day, b.on_hand, b.reserved FROM balances b
   WHERE b.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = network) AND b.present AND b.place % 10 = 1
     AND b.last_good_day >= first_day AND b.last_good_day <= last_day AND (warehouse IS NULL OR b.warehouse_id = warehouse)
$$;

-- Reservations that are kept longer than their goods. Nobody promises anything for more than 60 days. `utc_offset`: seconds by which the
-- network's clocks are ahead of UTC.
CREATE FUNCTION alert_promises(network uuid, warehouse uuid, today date, utc_offset integer)
RETURNS TABLE (lot integer, place integer, last_good_day date, on_hand bigint, reservation_id uuid, group_id uuid, delivery_id uuid,
               open_items bigint)
LANGUAGE sql STABLE AS $$
  SELECT b.lot, b.place, b.last_good_day, b.on_hand, r.reservation_id, r.group_id, r.delivery_id, r.open_items
    FROM balances b
    JOIN lots l ON l.network_id = network AND l.number = b.lot
    JOIN places p ON p.network_id = network AND p.number = b.place
    JOIN reservations r ON r.network_id = network AND r.lot_id = l.lot_id AND r.place_id = p.place_id AND r.open
   WHERE b.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = network) AND b.present AND b.place % 10 = 1 AND b.reserved > 0
     AND b.last_good_day <= today + 61 AND (warehouse IS NULL OR b.warehouse_id = warehouse)
     AND b.last_good_day < ((r.expire_time AT TIME ZONE 'UTC') + make_interval(secs => utc_offset))::date
$$;

-- Minimums that are not reached. What is past its date or stopped by a recall feeds nobody, and does not count.
CREATE FUNCTION alert_minimums(network uuid, warehouse uuid, today date)
RETURNS TABLE (product_id uuid, warehouse_id uuid, wanted bigint, free bigint)
LANGUAGE sql STABLE AS $$
  SELECT m.product_id, m.warehouse_id, m.items, s.free
    FROM minimums m
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(b.on_hand - b.reserved), 0)::bigint AS free FROM balances b
       WHERE b.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = network) AND b.present AND b.place % 10 = 1
         AND b.product_id = m.product_id AND b.last_good_day >= today AND (m.warehouse_id IS NULL OR b.warehouse_id = m.warehouse_id)
         AND b.lot NOT IN (SELECT l.number FROM stopped_lots x JOIN lots l USING (network_id, lot_id) WHERE x.network_id = network)) s
   WHERE m.network_id = network AND s.free < m.items AND (warehouse IS NULL OR m.warehouse_id = warehouse)
$$;

-- Shelves and lots where more was wanted than was there; an attempt that went through later was too early, not too much.
CREATE FUNCTION alert_attempts(network uuid, warehouse uuid, since timestamptz)
RETURNS TABLE (lot_id uuid, place_id uuid, attempt_time timestamptz, times bigint, requested bigint, on_hand bigint, reserved bigint,
               actor text)
LANGUAGE sql STABLE AS $$
  SELECT a.lot_id, a.place_id, max(a.attempt_time), count(*), (array_agg(a.requested ORDER BY a.attempt_time DESC, a.request_id))[1],
         (array_agg(a.on_hand ORDER BY a.attempt_time DESC, a.request_id))[1],
         (array_agg(a.reserved ORDER BY a.attempt_time DESC, a.request_id))[1],
         (array_agg(a.actor ORDER BY a.attempt_time DESC, a.request_id))[1]
    FROM short_attempts a
   WHERE a.network_id = network AND a.attempt_time >= since AND (warehouse IS NULL OR a.warehouse_id = warehouse)
     AND NOT EXISTS (SELECT FROM movements m WHERE m.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = network)
                                               AND m.request_id = a.request_id)
   GROUP BY a.lot_id, a.place_id
$$;

-- Deliveries that left before a moment and are not wholly confirmed, short or returned.
CREATE FUNCTION alert_deliveries(network uuid, before timestamptz)
RETURNS TABLE (delivery_id uuid, group_id uuid, open_items bigint, issued_items bigint, ship_time timestamptz)
LANGUAGE sql STABLE AS $$
  SELECT d.delivery_id, d.group_id, d.open_items, d.issued_items, d.ship_time FROM deliveries d
   WHERE d.network_id = network AND d.open AND d.ship_time < before
$$;

-- The same of transfers; `warehouse`: from or to it.
CREATE FUNCTION alert_transfers(network uuid, warehouse uuid, before timestamptz)
RETURNS TABLE (transfer_id uuid, to_warehouse_id uuid, open_items bigint, sent_items bigint, send_time timestamptz)
LANGUAGE sql STABLE AS $$
  SELECT t.transfer_id, t.to_warehouse_id, t.open_items, t.sent_items, t.send_time FROM transfers t
   WHERE t.network_id = network AND t.open AND t.send_time < before AND (warehouse IS NULL OR warehouse IN (t.from_warehouse_id, t.to_warehouse_id))
$$;

-- What a recall stops and still stands on a shelf; a lot that two recalls stop stands there once.
CREATE FUNCTION alert_recalled(network uuid, warehouse uuid)
RETURNS TABLE (lot integer, place integer, last_good_day date, on_hand bigint, reserved bigint)
LANGUAGE sql STABLE AS $$
  SELECT b.lot, b.place, b.last_good_day, b.on_hand, b.reserved
    FROM (SELECT DISTINCT s.lot_id FROM stopped_lots s WHERE s.network_id = network) x
    JOIN lots l ON l.network_id = network AND l.lot_id = x.lot_id
    JOIN balances b ON b.ledger = (SELECT g.ledger FROM ledgers g WHERE g.network_id = network) AND b.lot = l.number AND b.present
                   AND b.place % 10 = 1
   WHERE warehouse IS NULL OR b.warehouse_id = warehouse
$$;

-- How many of each kind (kubari.stock.v1.AlertKind) there are at a moment, those with 0 included.
CREATE FUNCTION count_alerts(network uuid, warehouse uuid, at timestamptz, utc_offset integer, near_days integer, unconfirmed_days integer,
                             transit_days integer)
RETURNS TABLE (kind integer, alerts bigint)
LANGUAGE plpgsql STABLE SET jit = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  today date := ((at AT TIME ZONE 'UTC') + make_interval(secs => utc_offset))::date;
BEGIN
  RETURN QUERY
    SELECT 1, (SELECT count(*) FROM alert_shelves(network, warehouse, '-infinity', today - 1))
    UNION ALL
    SELECT k.kind, k.alerts
      FROM (SELECT count(*) FILTER (WHERE s.reserved < s.on_hand) AS unreserved, count(*) FILTER (WHERE s.reserved = s.on_hand) AS promised
              FROM alert_shelves(network, warehouse, today, today + near_days) s) n
      CROSS JOIN LATERAL (VALUES (2, n.unreserved), (3, n.promised)) k (kind, alerts)
    UNION ALL
    SELECT 4, (SELECT count(*) FROM alert_promises(network, warehouse, today, utc_offset))
    UNION ALL
    SELECT 5, (SELECT count(*) FROM alert_minimums(network, warehouse, today))
    UNION ALL
    SELECT 6, (SELECT count(*) FROM alert_attempts(network, warehouse, at - interval '7 days'))
    UNION ALL
    SELECT 7, CASE WHEN warehouse IS NULL
                   THEN (SELECT count(*) FROM alert_deliveries(network, at - make_interval(days => unconfirmed_days))) ELSE 0 END
    UNION ALL
    SELECT 8, (SELECT count(*) FROM alert_transfers(network, warehouse, at - make_interval(days => transit_days)))
    UNION ALL
    SELECT 9, (SELECT count(*) FROM alert_recalled(network, warehouse));
END $$;

-- For the metrics: the counts of the first so many networks, each by its own rules. It goes through them one by one under the row-level
-- security of each, and shows numbers only. The policy lets the owner's role see which networks there are, and only inside this function.
CREATE POLICY alerts ON ledgers FOR SELECT TO kubari_owner USING (current_setting('kubari.alerts', true) = 'on');
CREATE FUNCTION count_alerts_of_networks(at timestamptz, utc_offset integer, at_most integer)
RETURNS TABLE (network_id uuid, kind integer, alerts bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = stock, pg_temp AS $$
DECLARE
  before text := coalesce(current_setting('kubari.network', true), '');
  networks uuid[];
  network uuid;
BEGIN
  PERFORM set_config('kubari.alerts', 'on', true);
  networks := ARRAY(SELECT g.network_id FROM ledgers g ORDER BY g.ledger LIMIT at_most);
  PERFORM set_config('kubari.alerts', '', true);
  FOREACH network IN ARRAY networks LOOP
    PERFORM set_config('kubari.network', network::text, true);
    RETURN QUERY
      SELECT network, c.kind, c.alerts
        FROM (SELECT coalesce(max(r.near_expiry_days), 30)::integer AS near_days, coalesce(max(r.unconfirmed_days), 3)::integer AS unconfirmed,
                     coalesce(max(r.transit_days), 3)::integer AS transit
                FROM stock_rules r WHERE r.network_id = network) r
        CROSS JOIN LATERAL count_alerts(network, NULL, at, utc_offset, r.near_days, r.unconfirmed, r.transit) c;
  END LOOP;
  PERFORM set_config('kubari.network', before, true);
END $$;

-- Forgets attempts before a moment, and of each network all but the newest `keep`. Across networks, since nobody asks for a network that is
-- quiet; it gives back how many it forgot and nothing else.
CREATE POLICY prune_find ON short_attempts FOR SELECT TO kubari_owner USING (current_setting('kubari.prune', true) = 'on');
CREATE POLICY prune ON short_attempts FOR DELETE TO kubari_owner USING (current_setting('kubari.prune', true) = 'on');
CREATE FUNCTION prune_short_attempts(before timestamptz, keep integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = stock, pg_temp AS $$
DECLARE
  pruned bigint;
BEGIN
  PERFORM set_config('kubari.prune', 'on', true);
  DELETE FROM short_attempts a
   USING (SELECT s.network_id, s.request_id, s.attempt_time,
                 row_number() OVER (PARTITION BY s.network_id ORDER BY s.attempt_time DESC, s.request_id) AS rank
            FROM short_attempts s) o
   WHERE a.network_id = o.network_id AND a.request_id = o.request_id AND (o.attempt_time < before OR o.rank > keep);
  GET DIAGNOSTICS pruned = ROW_COUNT;
  PERFORM set_config('kubari.prune', '', true);
  RETURN pruned;
END $$;

-- The service's rights: no more than it uses.
REVOKE ALL ON FUNCTION alert_shelves(uuid, uuid, date, date), alert_promises(uuid, uuid, date, integer), alert_minimums(uuid, uuid, date),
  alert_attempts(uuid, uuid, timestamptz), alert_deliveries(uuid, timestamptz), alert_transfers(uuid, uuid, timestamptz),
  alert_recalled(uuid, uuid), count_alerts(uuid, uuid, timestamptz, integer, integer, integer, integer),
  count_alerts_of_networks(timestamptz, integer, integer), prune_short_attempts(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION alert_shelves(uuid, uuid, date, date), alert_promises(uuid, uuid, date, integer), alert_minimums(uuid, uuid, date),
  alert_attempts(uuid, uuid, timestamptz), alert_deliveries(uuid, timestamptz), alert_transfers(uuid, uuid, timestamptz),
  alert_recalled(uuid, uuid), count_alerts(uuid, uuid, timestamptz, integer, integer, integer, integer),
  count_alerts_of_networks(timestamptz, integer, integer), prune_short_attempts(timestamptz, integer) TO kubari_stock;
GRANT SELECT, INSERT, UPDATE ON stock_rules TO kubari_stock;
GRANT SELECT, INSERT, UPDATE, DELETE ON minimums TO kubari_stock;
GRANT SELECT, INSERT, DELETE ON short_attempts TO kubari_stock;
