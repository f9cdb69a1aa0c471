-- Codes of libs/eligibility outgrew two bytes: exclusions.codes now has four (big-endian) for each group.
ALTER TABLE exclusions NO FORCE ROW LEVEL SECURITY;
UPDATE exclusions SET codes = (SELECT coalesce(string_agg('\x0000'::bytea || substring(codes FROM 2 * i + 1 FOR 2), ''::bytea ORDER BY i), '')
                                 FROM generate_series(0, length(codes) / 2 - 1) AS i);
ALTER TABLE exclusions FORCE ROW LEVEL SECURITY;
