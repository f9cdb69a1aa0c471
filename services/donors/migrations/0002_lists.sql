-- What lists of offers are ordered, narrowed and searched by.

-- Each state has its own order: a page is read from the states that are asked for, however many offers stand in others.
DROP INDEX offers_newest;
DROP INDEX offers_of_donor;
CREATE INDEX offers_newest ON offers (network_id, state, create_time, offer_id);
CREATE INDEX offers_ready ON offers (network_id, state, ready_date, offer_id);
CREATE INDEX offers_of_donor ON offers (network_id, donor_id, state, create_time, offer_id);
CREATE INDEX offers_of_donor_ready ON offers (network_id, donor_id, state, ready_date, offer_id);

-- libs/registry/search.h, of title, code and the lines' products.
ALTER TABLE offers ADD COLUMN search_key text NOT NULL DEFAULT '';

-- What stands there already. Products' names are in the lines' messages (kubari.donors.v1.OfferLine, field 3), so the first field of a
-- number and of wire type 2 is looked for, as protobuf encodes it; and libs/registry/search.h is said in SQL.
CREATE FUNCTION text_field(message bytea, wanted integer) RETURNS text LANGUAGE plpgsql AS $$
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
    CASE key & 7
      WHEN 0 THEN NULL;
      WHEN 1 THEN at := at + 8;
      WHEN 5 THEN at := at + 4;
      ELSE
        IF key >> 3 = wanted THEN
          RETURN convert_from(substr(message, at + 1, value::integer), 'UTF8');
        END IF;
        at := at + value::integer;
    END CASE;
  END LOOP;
  RETURN '';
END $$;
ALTER TABLE offers NO FORCE ROW LEVEL SECURITY;
ALTER TABLE offer_lines NO FORCE ROW LEVEL SECURITY;
UPDATE offers o SET search_key = translate(
  (SELECT string_agg(regexp_replace(lower(normalize(t.text, NFKC)), '\s', '', 'g'), E'\n')
     FROM (SELECT o.title UNION ALL SELECT o.code UNION ALL
           SELECT text_field(l.detail, 3) FROM offer_lines l WHERE l.network_id = o.network_id AND l.offer_id = o.offer_id) t (text)),
  'ァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨラリルレロヮワヰヱヲンヴヵヶヽヾ',
  'ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんゔゕゖゝゞ');
ALTER TABLE offers FORCE ROW LEVEL SECURITY;
ALTER TABLE offer_lines FORCE ROW LEVEL SECURITY;
DROP FUNCTION text_field(bytea, integer);
