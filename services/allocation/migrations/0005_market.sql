-- Runs in which groups choose: claims, sealed bids, and the shares with which they are paid. Numbers are those of kubari.allocation.v1.

-- market_state 0: fair share; 1 open; 2 closing; 3 settled, what is urgent of the rest is still to be offered; 4 closed.
ALTER TABLE runs ADD COLUMN market_state smallint NOT NULL DEFAULT 0 CHECK (market_state BETWEEN 0 AND 4);
CREATE INDEX runs_markets ON runs (network_id, newest, run_id) WHERE market_state > 0;
CREATE INDEX runs_closing ON runs (answer_due_time) WHERE market_state BETWEEN 1 AND 3;

-- claim_number: the how many-th claim of its run, 0: none. claim_ended: withdrawn, or refused by the ledger, before the claim of that number
-- was judged (one more than the last: before the run closed). shares_paid: what the line costs its group as it stands, in milli-shares; it
-- only ever falls, by what is in share_entries.
ALTER TABLE lines
  ADD COLUMN claim_number integer NOT NULL DEFAULT 0 CHECK (claim_number >= 0),
  ADD COLUMN claim_ended  integer NOT NULL DEFAULT 0 CHECK (claim_ended >= 0),
  ADD COLUMN shares_paid  bigint  NOT NULL DEFAULT 0,
  DROP CONSTRAINT lines_one_per_share,
  ADD CONSTRAINT lines_one_per_share UNIQUE (network_id, run_id, group_id, lot_id, place_id, claim_number);
CREATE UNIQUE INDEX lines_claims ON lines (network_id, run_id, claim_number) WHERE claim_number > 0;

-- state: BidState. `facts`: what people are shown and what never changes (kubari.allocation.v1.Bid as JSON). A joint bid has a code for others to
-- join; `verdict` says what became of it.
CREATE TABLE bids (
  network_id  uuid        NOT NULL,
  bid_id      uuid        NOT NULL,
  run_id      uuid        NOT NULL,
  newest      bigint      NOT NULL,
  state       smallint    NOT NULL CHECK (state BETWEEN 1 AND 4),
  lot_id      uuid        NOT NULL,
  place_id    uuid        NOT NULL,
  facts       jsonb       NOT NULL,
  parties     integer     NOT NULL CHECK (parties BETWEEN 1 AND 10),
  join_code   text        NOT NULL CHECK ((join_code = '') = (parties = 1)),
  create_time timestamptz NOT NULL,
  version     bigint      NOT NULL DEFAULT 1,
  PRIMARY KEY (network_id, bid_id),
  FOREIGN KEY (network_id, run_id) REFERENCES runs
);
CREATE UNIQUE INDEX bids_by_code ON bids (network_id, join_code) WHERE join_code <> '';
CREATE INDEX bids_of_run ON bids (network_id, run_id, state);
CREATE INDEX bids_newest ON bids (network_id, newest, bid_id);

-- Each group's part, who made it first. `open`: as the bid's state, so that a group has one open bid for the stock of one shelf in a run.
-- `reason` …: what is told to this group when the run has closed.
CREATE TABLE bid_parts (
  network_id uuid     NOT NULL,
  bid_id     uuid     NOT NULL,
  position   integer  NOT NULL CHECK (position >= 0),
  group_id   uuid     NOT NULL,
  group_name text     NOT NULL,
  run_id     uuid     NOT NULL,
  lot_id     uuid     NOT NULL,
  place_id   uuid     NOT NULL,
  open       boolean  NOT NULL,
  cases      bigint   NOT NULL CHECK (cases BETWEEN 1 AND 1000000),
  price      bigint   NOT NULL CHECK (price BETWEEN -1000000000 AND 1000000000),
  won_cases  bigint   NOT NULL DEFAULT 0 CHECK (won_cases BETWEEN 0 AND cases),
  reason     text     NOT NULL DEFAULT '',
  message    text     NOT NULL DEFAULT '',
  message_ja text     NOT NULL DEFAULT '',
  subject    text     NOT NULL,
  PRIMARY KEY (network_id, bid_id, group_id),
  FOREIGN KEY (network_id, bid_id) REFERENCES bids
);
CREATE UNIQUE INDEX bid_parts_one_open ON bid_parts (network_id, run_id, group_id, lot_id, place_id) WHERE open;
CREATE INDEX bid_parts_of_group ON bid_parts (network_id, group_id, open);

-- Accounts of shares, in thousandths. No account is ever below zero. weight: households × need percent; 0: not active any more.
CREATE TABLE share_accounts (
  network_id uuid   NOT NULL,
  group_id   uuid   NOT NULL,
  group_name text   NOT NULL,
  weight     bigint NOT NULL CHECK (weight >= 0),
  balance    bigint NOT NULL CONSTRAINT share_accounts_balance CHECK (balance >= 0),
  PRIMARY KEY (network_id, group_id)
);
CREATE INDEX share_accounts_by_name ON share_accounts (network_id, group_name, group_id);

-- Every change of an account, never changed itself. kind: ShareEntryKind.
CREATE TABLE share_entries (
  network_id  uuid        NOT NULL,
  entry_id    uuid        NOT NULL,
  group_id    uuid        NOT NULL,
  newest      bigint      NOT NULL,
  kind        smallint    NOT NULL CHECK (kind BETWEEN 1 AND 4),
  amount      bigint      NOT NULL CHECK (amount <> 0),
  balance     bigint      NOT NULL CHECK (balance >= 0),
  run_id      uuid,
  line_id     uuid,
  product     text        NOT NULL DEFAULT '',
  create_time timestamptz NOT NULL,
  PRIMARY KEY (network_id, entry_id),
  FOREIGN KEY (network_id, group_id) REFERENCES share_accounts
);
CREATE UNIQUE INDEX share_entries_one_grant ON share_entries (network_id, group_id) WHERE kind = 1;
CREATE INDEX share_entries_newest ON share_entries (network_id, newest, entry_id);
CREATE INDEX share_entries_of_group ON share_entries (network_id, group_id, newest, entry_id);

-- Spent and not given back yet: minus the sum of all entries but grants. Kept with each of them.
CREATE TABLE share_pools (
  network_id uuid   NOT NULL PRIMARY KEY,
  pool       bigint NOT NULL,
  granted    bigint NOT NULL CHECK (granted >= 0),
  -- In which its days begin.
  time_zone  text   NOT NULL
);
-- What was given back, once for each network and local day.
CREATE TABLE recirculations (
  network_id uuid   NOT NULL,
  day        date   NOT NULL,
  amount     bigint NOT NULL CHECK (amount >= 0),
  PRIMARY KEY (network_id, day)
);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['bids', 'bid_parts', 'share_accounts', 'share_entries', 'share_pools', 'recirculations'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY one_network ON %I USING (network_id = nullif(current_setting(''kubari.network'', true), '''')::uuid)', name);
  END LOOP;
END
$$;
GRANT SELECT, INSERT, UPDATE ON bids, bid_parts, share_accounts, share_pools TO kubari_allocation;
GRANT SELECT, INSERT ON share_entries, recirculations TO kubari_allocation;
-- Who joined a bid may leave it.
GRANT DELETE ON bid_parts TO kubari_allocation;
CREATE POLICY settled_parts_stay ON bid_parts AS RESTRICTIVE FOR DELETE USING (open AND position > 0);

-- Across networks, ids only, as unfinished_runs(): runs to close, and networks that have shares.
CREATE FUNCTION markets_to_close(at timestamptz) RETURNS TABLE (network_id uuid, run_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = allocation, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.unfinished', 'on', true);
  RETURN QUERY SELECT r.network_id, r.run_id FROM runs r
   WHERE r.market_state IN (2, 3) OR (r.market_state = 1 AND r.answer_due_time <= at) ORDER BY r.answer_due_time LIMIT 100;
  PERFORM set_config('kubari.unfinished', '', true);
END $$;
CREATE POLICY unfinished ON share_pools FOR SELECT TO kubari_owner USING (current_setting('kubari.unfinished', true) = 'on');
CREATE FUNCTION networks_with_shares() RETURNS TABLE (network_id uuid, time_zone text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = allocation, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.unfinished', 'on', true);
  RETURN QUERY SELECT p.network_id, p.time_zone FROM share_pools p ORDER BY p.network_id;
  PERFORM set_config('kubari.unfinished', '', true);
END $$;
-- What was chosen by the groups is offered again when the run has closed, not before.
CREATE OR REPLACE FUNCTION runs_to_offer_again(at timestamptz, due timestamptz) RETURNS TABLE (network_id uuid, run_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = allocation, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.unfinished', 'on', true);
  RETURN QUERY SELECT r.network_id, r.run_id FROM runs r
   WHERE r.offer_again AND r.state = 3 AND r.market_state IN (0, 4) AND r.pick_up_due_time > at
     AND (r.offered_again_time IS NULL OR r.offered_again_time < due)
     AND EXISTS (SELECT FROM lines l WHERE l.network_id = r.network_id AND l.run_id = r.run_id
                    AND (l.state IN (4, 5) OR l.given_back > 0) AND l.offered_again_in IS NULL AND l.answer_items IS NULL
                    AND l.reason NOT IN ('VOIDED', 'REVERSED', 'RETURNED'))
   ORDER BY r.pick_up_due_time LIMIT 100;
  PERFORM set_config('kubari.unfinished', '', true);
END $$;
REVOKE ALL ON FUNCTION markets_to_close(timestamptz), networks_with_shares() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION markets_to_close(timestamptz), networks_with_shares() TO kubari_allocation;
