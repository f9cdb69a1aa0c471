-- Past years of the ledger, made as fast as PostgreSQL takes them: so many lots (:lots), each received, moved, issued to eight groups,
-- confirmed by them, and the rest discarded: 20 movements a lot, none left on the shelf, as it is with what is long gone. They go through
-- the service's trigger, as everything does. Of one network (:network); numbers follow what is there.
SET search_path = stock, public;
SELECT set_config('kubari.network', :'network', false);

-- 100 groups with their places, and the place of waste, once.
CREATE TABLE IF NOT EXISTS public.bench_groups (n integer PRIMARY KEY, group_id uuid NOT NULL, delivery_place integer, group_place integer, recipient integer);
DO $$
DECLARE
  network uuid := current_setting('kubari.network')::uuid;
  first record;
BEGIN
  IF EXISTS (SELECT FROM public.bench_groups) THEN RETURN; END IF;
  SELECT * INTO first FROM take_numbers(network, 0, 200, 0, 100);
  INSERT INTO public.bench_groups
    SELECT n, gen_random_uuid(), (first.first_place + 2 * n) * 10 + 3, (first.first_place + 2 * n + 1) * 10 + 4, first.first_recipient + n
      FROM generate_series(0, 99) n;
  INSERT INTO places (network_id, place_id, number, kind, party, display_name)
    SELECT network, gen_random_uuid(), delivery_place, 3, 'groups/' || group_id, 'group ' || n FROM public.bench_groups
    UNION ALL SELECT network, gen_random_uuid(), group_place, 4, 'groups/' || group_id, 'group ' || n FROM public.bench_groups;
  INSERT INTO recipients (network_id, number, group_id) SELECT network, recipient, group_id FROM public.bench_groups;
  IF NOT EXISTS (SELECT FROM places WHERE network_id = network AND kind = 5) THEN
    INSERT INTO places (network_id, place_id, number, kind, display_name)
      SELECT network, gen_random_uuid(), first_place * 10 + 5, 5, 'waste' FROM take_numbers(network, 0, 1, 0, 0);
  END IF;
END $$;

-- New lots like the newest one that is there.
BEGIN;
CREATE TEMP TABLE fresh ON COMMIT DROP AS
  SELECT first_lot + n AS number, gen_random_uuid() AS lot_id, n FROM take_numbers(:'network', :lots, 0, 0, 0), generate_series(0, :lots - 1) n;
INSERT INTO lots (network_id, lot_id, number, code, product_id, origin_id, donor_id, date_kind, good_until, last_good_day, donor_lot_number,
                  gtin, offer_title, facts, create_time)
  SELECT l.network_id, f.lot_id, f.number, 'H' || f.number, l.product_id, l.origin_id, l.donor_id, l.date_kind, l.good_until, l.last_good_day,
         'H' || f.number, l.gtin, l.offer_title,
         l.facts || jsonb_build_object('name', 'lots/' || f.lot_id, 'code', 'H' || f.number, 'donorLotNumber', 'H' || f.number), now()
    FROM fresh f CROSS JOIN (SELECT * FROM lots WHERE network_id = :'network' AND transformation_id IS NULL ORDER BY number DESC LIMIT 1) l;
CREATE TEMP TABLE at ON COMMIT DROP AS
  SELECT g.ledger, g.next_position AS position, clock_timestamp() AS now, (SELECT min(number) FROM places WHERE network_id = :'network' AND kind = 1) AS shelf,
         (SELECT max(number) FROM places WHERE network_id = :'network' AND kind = 1) AS other,
         (SELECT min(number) FROM places WHERE network_id = :'network' AND kind = 2) AS donor,
         (SELECT min(number) FROM places WHERE network_id = :'network' AND kind = 5) AS waste,
         (SELECT min(number) FROM actors WHERE network_id = :'network') AS actor
    FROM ledgers g WHERE g.network_id = :'network';
-- What happens to a lot, in order; `way` 0: 100 are received, 100 are moved, 8 × 12 are issued and confirmed, 2 are moved back, 4 discarded.
-- A delivery takes 10 lots to a group.
INSERT INTO movements (ledger, position, occurred_time, recorded_time, lot, from_place, to_place, items, actor, kind, request_id, request_hash,
                       leaf_hash, recipient, delivery_id, households, municipality_code, reason)
  SELECT a.ledger, a.position + f.n * 20 + s.step, a.now, a.now, f.number,
         CASE s.kind WHEN 1 THEN a.donor WHEN 2 THEN CASE s.step WHEN 1 THEN a.shelf ELSE a.other END WHEN 6 THEN a.other
                     WHEN 7 THEN g.delivery_place ELSE a.shelf END,
         CASE s.kind WHEN 1 THEN a.shelf WHEN 2 THEN CASE s.step WHEN 1 THEN a.other ELSE a.shelf END WHEN 6 THEN g.delivery_place
                     WHEN 7 THEN g.group_place ELSE a.waste END,
         s.items, a.actor, s.kind, gen_random_uuid(), decode(md5(random()::text), 'hex'),
         sha256((f.number * 20 + s.step)::text::bytea), g.recipient,
         CASE WHEN g.n IS NOT NULL THEN md5(f.number / 10 || ' ' || g.n)::uuid END,
         CASE s.kind WHEN 7 THEN 30 END, CASE s.kind WHEN 7 THEN '13101' END, CASE s.kind WHEN 9 THEN 'EXPIRED' END
    FROM fresh f
   CROSS JOIN at a
   CROSS JOIN (SELECT 0 AS step, 1 AS kind, 100 AS items, NULL::integer AS turn UNION ALL SELECT 1, 2, 100, NULL
               UNION ALL SELECT 2 + t, 6, 12, t FROM generate_series(0, 7) t
               UNION ALL SELECT 10 + t, 7, 12, t FROM generate_series(0, 7) t
               UNION ALL SELECT 18, 2, 4, NULL UNION ALL SELECT 19, 9, 4, NULL) s
    LEFT JOIN public.bench_groups g ON g.n = (f.number / 10 * 8 + s.turn) % 100
   ORDER BY f.n, s.step;
COMMIT;
