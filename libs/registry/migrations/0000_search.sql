-- Finding names by an index although row-level security is in force (libs/registry/README.md). PostgreSQL asks an index only with operators that
-- it trusts to leak nothing, and LIKE and pg_trgm's are not among them; so the owner of this table sees all of it, and the one function
-- that searches it keeps to the caller's network. The service itself sees the table through the policy.

-- Several schemas' migrations may run at once.
SELECT pg_advisory_xact_lock(hashtextextended('kubari.extensions', 0));
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;

CREATE TABLE search (
  network_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL,  -- the collection in its name: 'donors', 'offers'
  id uuid NOT NULL,
  key text COLLATE "C" NOT NULL,   -- FullSearchKey of libs/registry/search.h
  PRIMARY KEY (network_id, kind, id)
);
ALTER TABLE search ENABLE ROW LEVEL SECURITY;
ALTER TABLE search FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON search USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
CREATE POLICY whole ON search TO CURRENT_USER USING (true);
-- By the key alone: what a few letters leave is little, and a whole network is read faster by the primary key.
-- Names change seldom and are searched often: no list of pending entries.
CREATE INDEX search_by_key ON search USING gin (key public.gin_trgm_ops) WITH (fastupdate = off);

-- What has all the words, each as it is written or as it sounds; only if nothing has, what is similar, the most similar first.
-- fit: 0 a whole line, 1 the beginning of one, 2 within one, 3 to 9 the less similar the higher. Arguments: libs/registry/search.h, SearchWords.
-- The extension's settings are known here because the index has loaded it.
CREATE FUNCTION search_found(kinds text[], words text[], readings text[], similar_to text) RETURNS TABLE (id uuid, fit integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100
SET pg_trgm.word_similarity_threshold = 0.6
-- What LIKE and similarity leave is misjudged by statistics made for other patterns: ask an index.
SET enable_seqscan = off SET enable_indexscan = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  network uuid := nullif(current_setting('kubari.network', true), '')::uuid;
  word text := '%' || words[1] || '%';
  reading text := '%' || readings[1] || '%';
BEGIN
  RETURN QUERY
    SELECT s.id, CASE
        WHEN s.key LIKE E'%\n' || words[1] || E'\n%' OR s.key LIKE E'%\n' || readings[1] || E'\n%' THEN 0
        WHEN s.key LIKE E'%\n' || words[1] || '%' OR s.key LIKE E'%\n' || readings[1] || '%' THEN 1
        ELSE 2 END
    FROM search s
    WHERE s.network_id = network AND s.kind = ANY (kinds) AND (s.key LIKE word OR s.key LIKE reading)
      AND NOT EXISTS (
        SELECT FROM unnest(words[2:], readings[2:]) AS more (word, reading)
        WHERE s.key NOT LIKE '%' || more.word || '%' AND s.key NOT LIKE '%' || more.reading || '%');
  IF FOUND OR similar_to = '' THEN
    RETURN;
  END IF;
  RETURN QUERY
    SELECT near.id, 3 + least(6, floor((1 - near.likeness) * 15))::integer
    FROM (
      -- Where hundreds are similar, nobody misspelt the one that was meant.
      SELECT s.id, public.word_similarity(similar_to, s.key) AS likeness FROM search s
      WHERE s.network_id = network AND s.kind = ANY (kinds) AND similar_to OPERATOR(public.<%) s.key LIMIT 200) AS near
    ORDER BY near.likeness DESC, near.id
    LIMIT 50;
END $$;
REVOKE ALL ON FUNCTION search_found(text[], text[], text[], text) FROM PUBLIC;

DO $$
DECLARE
  service text := 'kubari_' || current_schema();
BEGIN
  EXECUTE format('ALTER FUNCTION search_found(text[], text[], text[], text) SET search_path = %I, pg_temp', current_schema());
  EXECUTE format('GRANT EXECUTE ON FUNCTION search_found(text[], text[], text[], text) TO %I', service);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON search TO %I', service);
END $$;
