-- The roles and the database, made or brought up to date; run it as often as you like, as a superuser or as a role with CREATEROLE
-- and CREATEDB. Passwords come from the environment (KUBARI_PASSWORD_OWNER, KUBARI_PASSWORD_STOCK, …):
--
--   psql -X -v ON_ERROR_STOP=1 -d postgres -f ops/postgres/roles.sql
--
-- kubari_owner owns the database and the schemas and runs migrations; each service logs in as a role of its own that has no more
-- rights than its migrations grant.
\getenv owner KUBARI_PASSWORD_OWNER
\getenv identity KUBARI_PASSWORD_IDENTITY
\getenv donors KUBARI_PASSWORD_DONORS
\getenv groups KUBARI_PASSWORD_GROUPS
\getenv stock KUBARI_PASSWORD_STOCK
\getenv allocation KUBARI_PASSWORD_ALLOCATION
\getenv impact KUBARI_PASSWORD_IMPACT
\getenv notifications KUBARI_PASSWORD_NOTIFICATIONS
\getenv support KUBARI_PASSWORD_SUPPORT

-- Two installations on one server must not make the same role at the same moment.
SELECT pg_advisory_lock(hashtextextended('kubari.roles', 0)) \g /dev/null

SELECT format('CREATE ROLE %I LOGIN', role)
FROM unnest(ARRAY['kubari_owner', 'kubari_identity', 'kubari_donors', 'kubari_groups', 'kubari_stock', 'kubari_allocation',
                  'kubari_impact', 'kubari_notifications', 'kubari_support']) AS role
WHERE role NOT IN (SELECT rolname FROM pg_roles) \gexec

ALTER ROLE kubari_owner PASSWORD :'owner';
ALTER ROLE kubari_identity PASSWORD :'identity';
ALTER ROLE kubari_donors PASSWORD :'donors';
ALTER ROLE kubari_groups PASSWORD :'groups';
ALTER ROLE kubari_stock PASSWORD :'stock';
ALTER ROLE kubari_allocation PASSWORD :'allocation';
ALTER ROLE kubari_impact PASSWORD :'impact';
ALTER ROLE kubari_notifications PASSWORD :'notifications';
ALTER ROLE kubari_support PASSWORD :'support';

-- Who is no superuser must be a member of the role that is to own the database.
SELECT format('GRANT kubari_owner TO %I', current_user)
WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AND current_user <> 'kubari_owner' \gexec

-- C.UTF-8 sorts alike on every machine and knows upper and lower case.
SELECT 'CREATE DATABASE kubari OWNER kubari_owner ENCODING ''UTF8'' LOCALE ''C.UTF-8'' TEMPLATE template0'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'kubari') \gexec

REVOKE ALL ON DATABASE kubari FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE kubari
  TO kubari_identity, kubari_donors, kubari_groups, kubari_stock, kubari_allocation, kubari_impact, kubari_notifications, kubari_support;

\connect kubari
REVOKE ALL ON SCHEMA public FROM PUBLIC;
