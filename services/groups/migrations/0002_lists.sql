-- What lists of groups are ordered and narrowed by.

ALTER TABLE groups
  ADD COLUMN kind smallint CHECK (kind BETWEEN 1 AND 6),  -- kubari.groups.v1.GroupKind
  ADD COLUMN households bigint,
  ADD COLUMN prefecture text COLLATE "C";                 -- of the first site: two digits (JIS X 0401), or ''

-- What stands there already is in the profiles (kubari.groups.v1.Group: kind 5, households 10, sites 9; Site: address 3; Address: municipality
-- code 2). The first value of a field, as protobuf encodes it: a varint as its number, anything longer as its bytes; NULL if there is none.
CREATE FUNCTION field_of(message bytea, wanted integer, OUT number bigint, OUT bytes bytea) LANGUAGE plpgsql AS $$
DECLARE
  at integer := 0;
  key bigint;
  value bigint;
BEGIN
  WHILE at < length(message) LOOP
    FOR is_value IN 0..1 LOOP
      -- A varint: seven bits a byte, the lowest first, up to the first byte without the eighth.
      value := 0;
      FOR shift IN 0..9 LOOP
        value := value | ((get_byte(message, at) & 127)::bigint << (7 * shift));
        at := at + 1;
        EXIT WHEN get_byte(message, at - 1) < 128;
      END LOOP;
      EXIT WHEN is_value = 1;
      key := value;
      EXIT WHEN key & 7 IN (1, 5);
    END LOOP;
    IF key >> 3 = wanted AND key & 7 = 0 THEN
      number := value;
      RETURN;
    ELSIF key >> 3 = wanted AND key & 7 = 2 THEN
      bytes := substr(message, at + 1, value::integer);
      RETURN;
    END IF;
    at := at + CASE key & 7 WHEN 0 THEN 0 WHEN 1 THEN 8 WHEN 5 THEN 4 ELSE value::integer END;
  END LOOP;
END $$;
ALTER TABLE groups NO FORCE ROW LEVEL SECURITY;
UPDATE groups SET
  kind = (field_of(profile, 5)).number,
  households = coalesce((field_of(profile, 10)).number, 0),
  prefecture = coalesce(left(convert_from((field_of((field_of((field_of(profile, 9)).bytes, 3)).bytes, 2)).bytes, 'UTF8'), 2), '');
ALTER TABLE groups FORCE ROW LEVEL SECURITY;
DROP FUNCTION field_of(bytea, integer);

ALTER TABLE groups
  ALTER COLUMN kind SET NOT NULL,
  ALTER COLUMN households SET NOT NULL,
  ALTER COLUMN prefecture SET NOT NULL;
CREATE INDEX groups_by_households ON groups (network_id, households, group_id);
