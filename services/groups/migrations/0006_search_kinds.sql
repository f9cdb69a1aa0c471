-- Groups and needs are found in one table, each by its kind; and its owner sees all of it by a policy that says so.
ALTER TABLE search ADD COLUMN kind text COLLATE "C" NOT NULL DEFAULT 'groups';  -- the collection in its name: 'groups', 'needs'
ALTER TABLE search ALTER COLUMN kind DROP DEFAULT;
ALTER TABLE search DROP CONSTRAINT search_pkey;
ALTER TABLE search ADD PRIMARY KEY (network_id, kind, id);
ALTER TABLE search FORCE ROW LEVEL SECURITY;
CREATE POLICY whole ON search TO CURRENT_USER USING (true);

-- Readings come with the next change of each need.
ALTER TABLE needs NO FORCE ROW LEVEL SECURITY;
INSERT INTO search (network_id, kind, id, key) SELECT network_id, 'needs', need_id, E'\n' || search_key || E'\n' FROM needs;
ALTER TABLE needs FORCE ROW LEVEL SECURITY;
ALTER TABLE needs DROP COLUMN search_key;

-- Needs that follow from a YES to a broadcast of the donors service.
ALTER TABLE needs ADD COLUMN broadcast_id uuid;

DROP FUNCTION search_found(text[], text[], text);
-- The extension's settings are known once it is loaded, which its first use does.
DO $$ BEGIN PERFORM public.similarity('', ''); END $$;
-- What has all the words, each as it is written or as it sounds; if nothing has, what is similar, the most similar first.
-- fit: 0 a whole line, 1 the beginning of one, 2 within one, 3 to 9 the less similar the higher. Arguments: libs/registry/search.h, SearchWords.
CREATE FUNCTION search_found(kinds text[], words text[], readings text[], similar_to text) RETURNS TABLE (id uuid, fit integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100
SET search_path = groups, pg_temp
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
GRANT EXECUTE ON FUNCTION search_found(text[], text[], text[], text) TO kubari_groups;
