-- What a coordinator decided before a run, revisions of a proposal, and goods that are offered again.

ALTER TABLE runs
  -- kubari.allocation.v1.RunOptions as JSON; the same as in the snapshot.
  ADD COLUMN options            jsonb       NOT NULL DEFAULT '{}',
  -- The snapshot that counts.
  ADD COLUMN revision           integer     NOT NULL DEFAULT 1 CHECK (revision >= 1),
  -- The run whose goods this one offers again.
  ADD COLUMN follow_up_of       uuid,
  -- Options.offer_again, and when goods of this run were last offered again.
  ADD COLUMN offer_again        boolean     NOT NULL DEFAULT false,
  ADD COLUMN offered_again_time timestamptz,
  ADD FOREIGN KEY (network_id, follow_up_of) REFERENCES runs;
CREATE INDEX runs_offering_again ON runs (network_id, run_id) WHERE offer_again AND state = 3;

-- Each revision of a proposal keeps what it was made from. Exclusions do not depend on options: there is one set for all revisions.
ALTER TABLE snapshots ADD COLUMN revision integer NOT NULL DEFAULT 1 CHECK (revision >= 1);
ALTER TABLE snapshots DROP CONSTRAINT snapshots_pkey, ADD PRIMARY KEY (network_id, run_id, revision);

ALTER TABLE lines
  -- Of an acceptance in part: what the group gave back.
  ADD COLUMN given_back       bigint NOT NULL DEFAULT 0 CHECK (given_back >= 0),
  -- The run that offered again what came back; the nil UUID: nobody could have it.
  ADD COLUMN offered_again_in uuid;
CREATE INDEX lines_to_offer_again ON lines (network_id, run_id) WHERE (state IN (4, 5) OR given_back > 0) AND offered_again_in IS NULL;

-- A revision replaces the lines of a proposal, which nobody outside has seen. What was published stays.
GRANT DELETE ON lines TO kubari_allocation;
CREATE POLICY published_lines_stay ON lines AS RESTRICTIVE FOR DELETE USING (state IN (1, 8) AND reservation_id IS NULL);

-- Runs of all networks with something to offer again: ids only, as unfinished_runs(). `due`: last offered again before that, or never.
CREATE FUNCTION runs_to_offer_again(at timestamptz, due timestamptz) RETURNS TABLE (network_id uuid, run_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = allocation, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.unfinished', 'on', true);
  RETURN QUERY SELECT r.network_id, r.run_id FROM runs r
   WHERE r.offer_again AND r.state = 3 AND r.pick_up_due_time > at AND (r.offered_again_time IS NULL OR r.offered_again_time < due)
     AND EXISTS (SELECT FROM lines l WHERE l.network_id = r.network_id AND l.run_id = r.run_id
                    AND (l.state IN (4, 5) OR l.given_back > 0) AND l.offered_again_in IS NULL AND l.answer_items IS NULL
                    AND l.reason NOT IN ('VOIDED', 'REVERSED', 'RETURNED'))
   ORDER BY r.pick_up_due_time LIMIT 100;
  PERFORM set_config('kubari.unfinished', '', true);
END $$;
REVOKE ALL ON FUNCTION runs_to_offer_again(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION runs_to_offer_again(timestamptz, timestamptz) TO kubari_allocation;
