-- Groups that have not answered are reminded once for each run.
ALTER TABLE runs ADD COLUMN reminded boolean NOT NULL DEFAULT false;
CREATE INDEX runs_to_remind ON runs (answer_due_time) WHERE state = 3 AND NOT reminded;

-- Runs of all networks whose time to answer is nearly over: its last third, and twelve hours at most. Ids only, as unfinished_runs().
CREATE FUNCTION runs_to_remind(at timestamptz) RETURNS TABLE (network_id uuid, run_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = allocation, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.unfinished', 'on', true);
  RETURN QUERY SELECT r.network_id, r.run_id FROM runs r
   WHERE r.state = 3 AND NOT r.reminded AND r.answer_due_time > at
     AND r.answer_due_time - least(interval '12 hours', (r.answer_due_time - r.publish_time) / 3) <= at
   ORDER BY r.answer_due_time LIMIT 100;
  PERFORM set_config('kubari.unfinished', '', true);
END $$;
REVOKE ALL ON FUNCTION runs_to_remind(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION runs_to_remind(timestamptz) TO kubari_allocation;
