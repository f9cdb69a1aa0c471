-- Stocktakes: what is counted where, every count, every decision, and what came of it.
--
-- Counts and decisions are added and never changed, but for the mark that a count was taken back. What a line says (merged, expected,
-- different) is worked out from them and the ledger whenever it is asked (domain/stocktake.h), until the stocktake is closed; then its
-- lines are kept as they were, so that what happens to the shelves later does not change the record.

-- state: kubari.stock.v1.StocktakeState. 1 OPEN, 2 REVIEW, 3 POSTED, 4 CANCELLED.
CREATE TABLE stocktakes (
  network_id      uuid NOT NULL,
  stocktake_id    uuid NOT NULL,
  title           text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  warehouse_id    uuid NOT NULL,
  -- The warehouse's operator, who never changes: rights are judged by it.
  organisation_id uuid NOT NULL,
  state           smallint NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 4),
  open_time       timestamptz NOT NULL,
  state_time      timestamptz NOT NULL,
  opened_by       text NOT NULL CHECK (opened_by <> ''),
  -- Movements before this position happened before anything that this stocktake counts.
  read_from       bigint NOT NULL CHECK (read_from >= 0),
  -- Its differences are being posted until then, unless the process died: so long it is neither reopened nor cancelled.
  posting_until   timestamptz,
  -- Once closed: its figures (kubari.stock.v1.Stocktake, proto JSON, with nothing but those).
  figures         jsonb,
  PRIMARY KEY (network_id, stocktake_id),
  FOREIGN KEY (network_id, warehouse_id) REFERENCES warehouses,
  CONSTRAINT stocktakes_closed CHECK ((state IN (3, 4)) = (figures IS NOT NULL)),
  CONSTRAINT stocktakes_posting CHECK (posting_until IS NULL OR state = 2)
);
CREATE INDEX stocktakes_newest ON stocktakes (network_id, open_time, stocktake_id);
CREATE INDEX stocktakes_of_warehouse ON stocktakes (network_id, warehouse_id, open_time, stocktake_id);
-- Of years of them, a few are open.
CREATE INDEX stocktakes_in_state ON stocktakes (network_id, state, open_time, stocktake_id);

CREATE TABLE stocktake_places (
  network_id   uuid NOT NULL,
  stocktake_id uuid NOT NULL,
  place_id     uuid NOT NULL,
  -- Until the stocktake is closed.
  counting     boolean NOT NULL DEFAULT true,
  PRIMARY KEY (network_id, stocktake_id, place_id),
  FOREIGN KEY (network_id, stocktake_id) REFERENCES stocktakes,
  FOREIGN KEY (network_id, place_id) REFERENCES places
);
-- One stocktake at a time: two of them would each find the same difference, and book it twice.
CREATE UNIQUE INDEX stocktake_places_counting ON stocktake_places (network_id, place_id) WHERE counting;

-- mode: kubari.stock.v1.CountMode. 1 WHOLE, 2 ADDITION, 3 AGAIN.
CREATE TABLE stocktake_counts (
  network_id      uuid NOT NULL,
  stocktake_id    uuid NOT NULL,
  count_id        uuid NOT NULL,
  -- The order of recording.
  number          bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  place_id        uuid NOT NULL,
  lot_id          uuid NOT NULL,
  mode            smallint NOT NULL CHECK (mode BETWEEN 1 AND 3),
  cases           bigint NOT NULL CHECK (cases BETWEEN 0 AND 1000000),
  items_per_case  bigint NOT NULL CHECK (items_per_case >= 0),
  loose_items     bigint NOT NULL CHECK (loose_items BETWEEN 0 AND 100000000),
  actor           text NOT NULL CHECK (actor <> ''),
  counted_time    timestamptz NOT NULL,
  recorded_time   timestamptz NOT NULL,
  ledger_position bigint NOT NULL CHECK (ledger_position >= 0),
  note            text NOT NULL CHECK (length(note) <= 500),
  -- Taken back.
  retract_time    timestamptz,
  retracted_by    text CHECK (retracted_by <> ''),
  PRIMARY KEY (network_id, stocktake_id, count_id),
  FOREIGN KEY (network_id, stocktake_id, place_id) REFERENCES stocktake_places,
  FOREIGN KEY (network_id, lot_id) REFERENCES lots,
  CONSTRAINT stocktake_counts_items CHECK (cases * items_per_case + loose_items <= 100000000),
  CONSTRAINT stocktake_counts_retracted CHECK ((retract_time IS NULL) = (retracted_by IS NULL))
);
CREATE INDEX stocktake_counts_line ON stocktake_counts (network_id, stocktake_id, place_id, lot_id);

-- What a reviewer decided about a line; the last one counts, as long as what it was made for is so (Decision in domain/stocktake.h).
CREATE TABLE stocktake_decisions (
  network_id    uuid NOT NULL,
  stocktake_id  uuid NOT NULL,
  place_id      uuid NOT NULL,
  lot_id        uuid NOT NULL,
  number        bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  counted_items bigint CHECK (counted_items BETWEEN 0 AND 100000000),
  reason        text NOT NULL,
  note          text NOT NULL CHECK (length(note) <= 500),
  leave_out     boolean NOT NULL,
  basis_items   bigint NOT NULL,
  changes       integer NOT NULL CHECK (changes > 0),
  actor         text NOT NULL CHECK (actor <> ''),
  decide_time   timestamptz NOT NULL,
  PRIMARY KEY (network_id, stocktake_id, place_id, lot_id, number),
  FOREIGN KEY (network_id, stocktake_id, place_id) REFERENCES stocktake_places,
  FOREIGN KEY (network_id, lot_id) REFERENCES lots,
  CONSTRAINT stocktake_decisions_left CHECK (NOT leave_out OR counted_items IS NULL)
);

-- Of a closed stocktake, in the order of the list. `facts` is the line as the contract shows it (kubari.stock.v1.StocktakeLine, proto JSON)
-- without lot and place, which are shown as far as the reader may see them.
CREATE TABLE stocktake_lines (
  network_id   uuid NOT NULL,
  stocktake_id uuid NOT NULL,
  place_code   text COLLATE "C" NOT NULL,
  lot_code     text COLLATE "C" NOT NULL,
  place_id     uuid NOT NULL,
  lot_id       uuid NOT NULL,
  state        smallint NOT NULL CHECK (state BETWEEN 1 AND 6),
  facts        jsonb NOT NULL,
  PRIMARY KEY (network_id, stocktake_id, place_code, lot_code),
  FOREIGN KEY (network_id, stocktake_id, place_id) REFERENCES stocktake_places,
  FOREIGN KEY (network_id, lot_id) REFERENCES lots
);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['stocktakes', 'stocktake_places', 'stocktake_counts', 'stocktake_decisions', 'stocktake_lines'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY network ON %I USING (network_id = nullif(current_setting(''kubari.network'', true), '''')::uuid)', name);
  END LOOP;
END $$;

-- OPEN and REVIEW come and go, POSTED follows REVIEW, and what is closed stays closed.
CREATE FUNCTION stocktake_steps() RETURNS trigger LANGUAGE plpgsql SET search_path = stock, pg_temp AS $$
BEGIN
  IF (OLD.state, NEW.state) NOT IN ((1, 1), (2, 2), (1, 2), (2, 1), (2, 3), (1, 4), (2, 4)) THEN
    RAISE EXCEPTION 'a stocktake does not go from state % to %', OLD.state, NEW.state
      USING ERRCODE = 'check_violation', CONSTRAINT = 'stocktakes_step';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER stocktake_steps BEFORE UPDATE ON stocktakes FOR EACH ROW EXECUTE FUNCTION stocktake_steps();

-- Counts come in, and are taken back once, while it is open; decisions while it is reviewed.
CREATE FUNCTION stocktake_entries() RETURNS trigger LANGUAGE plpgsql SET search_path = stock, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM stocktakes s WHERE s.network_id = NEW.network_id AND s.stocktake_id = NEW.stocktake_id
                                            AND s.state = TG_ARGV[0]::smallint FOR SHARE) THEN
    RAISE EXCEPTION 'the stocktake takes none of these in its state' USING ERRCODE = 'check_violation', CONSTRAINT = 'stocktakes_state';
  END IF;
  -- Of counts only, so it stands apart: decisions have no such column, and an expression is read as a whole.
  IF TG_OP = 'UPDATE' THEN
    IF OLD.retract_time IS NOT NULL THEN
      RAISE EXCEPTION 'a count is taken back once' USING ERRCODE = 'check_violation', CONSTRAINT = 'stocktake_counts_once';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER stocktake_entries BEFORE INSERT OR UPDATE ON stocktake_counts FOR EACH ROW EXECUTE FUNCTION stocktake_entries('1');
CREATE TRIGGER stocktake_entries BEFORE INSERT ON stocktake_decisions FOR EACH ROW EXECUTE FUNCTION stocktake_entries('2');

REVOKE ALL ON FUNCTION stocktake_steps(), stocktake_entries() FROM PUBLIC;
GRANT SELECT, INSERT ON stocktakes, stocktake_places, stocktake_counts, stocktake_decisions, stocktake_lines TO kubari_stock;
GRANT UPDATE (state, state_time, posting_until, figures) ON stocktakes TO kubari_stock;
GRANT UPDATE (counting) ON stocktake_places TO kubari_stock;
GRANT UPDATE (retract_time, retracted_by) ON stocktake_counts TO kubari_stock;
