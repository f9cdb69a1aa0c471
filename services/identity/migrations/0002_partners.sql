-- Municipalities and social-welfare councils (kind 6) and those who act for them (role 9).
ALTER TABLE organisations DROP CONSTRAINT organisations_kind_check, ADD CONSTRAINT organisations_kind_check CHECK (kind BETWEEN 1 AND 6);
ALTER TABLE person_grants DROP CONSTRAINT person_grants_role_check,
  ADD CONSTRAINT person_grants_role_check CHECK (role BETWEEN 1 AND 7 OR role = 9);
ALTER TABLE api_keys DROP CONSTRAINT api_keys_role_check, ADD CONSTRAINT api_keys_role_check CHECK (role BETWEEN 1 AND 7 OR role = 9);
