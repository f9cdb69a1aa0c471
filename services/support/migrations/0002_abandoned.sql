-- What nobody closes is closed by time, after it was announced; and what impact is told.

ALTER TABLE support_requests
  -- The last step that somebody took.
  ADD COLUMN activity_time    timestamptz NOT NULL DEFAULT now(),
  -- Set when the parties were told: closed and erased then, unless somebody takes a step before.
  ADD COLUMN abandon_time     timestamptz CHECK (abandon_time IS NULL OR state <= 3),
  -- Set when households were reached, or no longer are; the order in which impact reads (ReadReached).
  ADD COLUMN reached_position bigint;
ALTER TABLE support_requests ALTER COLUMN activity_time DROP DEFAULT;
CREATE INDEX support_requests_reached ON support_requests (network_id, reached_position) WHERE reached_position IS NOT NULL;

-- The last reached_position of the network. Whoever takes the next one holds this row, so positions become visible in their order.
ALTER TABLE networks ADD COLUMN reached_count bigint NOT NULL DEFAULT 0;
