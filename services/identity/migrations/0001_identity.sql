-- Networks, organisations, people, invites, devices, API keys, sessions.
--
-- Enumerations are stored as the contract's numbers (kubari.type.v1.Role, kubari.identity.v1.OrganisationKind). Of passwords there is
-- only an Argon2id hash, of tokens and invite codes only SHA-256: they have 256 and 100 random bits, so nothing slower is needed.

CREATE TABLE networks (
  network_id   uuid        NOT NULL,
  code         text        NOT NULL COLLATE "C",
  display_name text        NOT NULL,
  time_zone    text        NOT NULL,
  create_time  timestamptz NOT NULL,
  CONSTRAINT networks_pkey PRIMARY KEY (network_id),
  CONSTRAINT networks_code_key UNIQUE (code)
);

CREATE TABLE organisations (
  network_id      uuid        NOT NULL REFERENCES networks,
  organisation_id uuid        NOT NULL,
  kind            smallint    NOT NULL CHECK (kind BETWEEN 1 AND 5),
  display_name    text        NOT NULL COLLATE "C",
  create_time     timestamptz NOT NULL,
  CONSTRAINT organisations_pkey PRIMARY KEY (network_id, organisation_id)
);
CREATE INDEX organisations_by_name ON organisations (network_id, display_name, organisation_id);

CREATE TABLE people (
  network_id    uuid        NOT NULL REFERENCES networks,
  person_id     uuid        NOT NULL,
  display_name  text        NOT NULL COLLATE "C",
  email         text        NOT NULL,
  -- The e-mail as it is compared (domain/people.h).
  email_key     text        NOT NULL COLLATE "C",
  -- Of crypto_pwhash_str; NULL: cannot sign in with a password.
  password_hash text,
  locale        text        NOT NULL CHECK (locale IN ('ja', 'en')),
  create_time   timestamptz NOT NULL,
  CONSTRAINT people_pkey PRIMARY KEY (network_id, person_id),
  CONSTRAINT people_email_key UNIQUE (network_id, email_key)
);
CREATE INDEX people_by_name ON people (network_id, display_name, person_id);

CREATE TABLE person_grants (
  network_id      uuid     NOT NULL,
  person_id       uuid     NOT NULL,
  organisation_id uuid     NOT NULL,
  -- 8 is ROLE_SERVICE, which nobody is given.
  role            smallint NOT NULL CHECK (role BETWEEN 1 AND 7),
  CONSTRAINT person_grants_pkey PRIMARY KEY (network_id, person_id, organisation_id, role),
  FOREIGN KEY (network_id, person_id) REFERENCES people,
  FOREIGN KEY (network_id, organisation_id) REFERENCES organisations
);
CREATE INDEX person_grants_by_organisation ON person_grants (network_id, organisation_id);

CREATE TABLE invites (
  network_id      uuid        NOT NULL,
  invite_id       uuid        NOT NULL,
  -- NULL only inside the transaction that makes the invite.
  code_hash       bytea       CHECK (length(code_hash) = 32),
  -- For devices: what they get. For a person: NULL.
  organisation_id uuid,
  role            smallint    CHECK (role IN (1, 2)),
  person_id       uuid,
  uses_left       int         NOT NULL CHECK (uses_left BETWEEN 0 AND 100),
  expire_time     timestamptz NOT NULL,
  revoked         boolean     NOT NULL DEFAULT false,
  creator         text        NOT NULL,
  create_time     timestamptz NOT NULL,
  CONSTRAINT invites_pkey PRIMARY KEY (network_id, invite_id),
  CONSTRAINT invites_code_hash_key UNIQUE (code_hash),
  CHECK (num_nonnulls(person_id, organisation_id) = 1 AND (organisation_id IS NULL) = (role IS NULL)),
  FOREIGN KEY (network_id, organisation_id) REFERENCES organisations,
  FOREIGN KEY (network_id, person_id) REFERENCES people
);
CREATE INDEX invites_by_organisation ON invites (network_id, organisation_id, invite_id);
CREATE INDEX invites_by_person ON invites (network_id, person_id) WHERE person_id IS NOT NULL;

CREATE TABLE devices (
  network_id      uuid        NOT NULL,
  device_id       uuid        NOT NULL,
  display_name    text        NOT NULL,
  organisation_id uuid        NOT NULL,
  role            smallint    NOT NULL CHECK (role IN (1, 2)),
  create_time     timestamptz NOT NULL,
  last_seen_time  timestamptz,
  revoked         boolean     NOT NULL DEFAULT false,
  CONSTRAINT devices_pkey PRIMARY KEY (network_id, device_id),
  FOREIGN KEY (network_id, organisation_id) REFERENCES organisations
);
CREATE INDEX devices_by_organisation ON devices (network_id, organisation_id, device_id);

CREATE TABLE api_keys (
  network_id      uuid        NOT NULL,
  api_key_id      uuid        NOT NULL,
  display_name    text        NOT NULL,
  organisation_id uuid        NOT NULL,
  role            smallint    NOT NULL CHECK (role BETWEEN 1 AND 7),
  create_time     timestamptz NOT NULL,
  last_seen_time  timestamptz,
  revoked         boolean     NOT NULL DEFAULT false,
  CONSTRAINT api_keys_pkey PRIMARY KEY (network_id, api_key_id),
  FOREIGN KEY (network_id, organisation_id) REFERENCES organisations
);

-- A token that works now, and whose it is. Ended sessions are deleted.
CREATE TABLE sessions (
  network_id     uuid        NOT NULL,
  session_id     uuid        NOT NULL,
  token_hash     bytea       NOT NULL CHECK (length(token_hash) = 32),
  person_id      uuid,
  device_id      uuid,
  api_key_id     uuid,
  -- The invite that was redeemed for it.
  invite_id      uuid,
  display_name   text        NOT NULL,
  create_time    timestamptz NOT NULL,
  -- NULL: works until it is revoked.
  expire_time    timestamptz,
  -- When it was last used, to five minutes.
  last_seen_time timestamptz NOT NULL,
  CONSTRAINT sessions_pkey PRIMARY KEY (network_id, session_id),
  CONSTRAINT sessions_token_hash_key UNIQUE (token_hash),
  CHECK (num_nonnulls(person_id, device_id, api_key_id) = 1),
  FOREIGN KEY (network_id, person_id) REFERENCES people,
  FOREIGN KEY (network_id, device_id) REFERENCES devices,
  FOREIGN KEY (network_id, api_key_id) REFERENCES api_keys,
  FOREIGN KEY (network_id, invite_id) REFERENCES invites
);
CREATE INDEX sessions_by_person ON sessions (network_id, person_id) WHERE person_id IS NOT NULL;
CREATE INDEX sessions_by_device ON sessions (network_id, device_id) WHERE device_id IS NOT NULL;
CREATE INDEX sessions_by_api_key ON sessions (network_id, api_key_id) WHERE api_key_id IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expire_time);

-- One row for each password that was tried and not found right. The e-mail is hashed because people type anything into that field.
CREATE TABLE sign_in_attempts (
  network_id   uuid        NOT NULL REFERENCES networks,
  email_hash   bytea       NOT NULL CHECK (length(email_hash) = 32),
  attempt_id   uuid        NOT NULL,
  attempt_time timestamptz NOT NULL,
  CONSTRAINT sign_in_attempts_pkey PRIMARY KEY (network_id, email_hash, attempt_id)
);
CREATE INDEX sign_in_attempts_by_time ON sign_in_attempts (attempt_time);

-- Every table shows and takes rows of the current network only, for the owner too.
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['networks', 'organisations', 'people', 'person_grants', 'invites', 'devices', 'api_keys', 'sessions',
                           'sign_in_attempts'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY network ON %I '
                   'USING (network_id = nullif(current_setting(''kubari.network'', true), '''')::uuid)', t);
  END LOOP;
END
$$;

-- Whose network it is must be known from a token before the network is. So four tables have one more policy, which lets the owner (not
-- the service's role) see all networks while the setting kubari.across_networks is on, and the functions below, which run as the owner,
-- switch it on until the transaction ends. The service may set it too, but is not the owner: nothing opens. Better than an owner
-- without FORCE, who would see everything always. The functions give away only the id of a network, for somebody who already has
-- a secret or a code, and (list_networks) what is asked with the service key.
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['networks', 'invites', 'sessions', 'sign_in_attempts'] LOOP
    EXECUTE format('CREATE POLICY across_networks ON %I TO CURRENT_USER '
                   'USING (current_setting(''kubari.across_networks'', true) = ''on'')', t);
  END LOOP;
END
$$;

CREATE FUNCTION network_of_token(p_token_hash bytea) RETURNS uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = identity, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.across_networks', 'on', true);
  RETURN (SELECT network_id FROM sessions WHERE token_hash = p_token_hash);
END
$$;

CREATE FUNCTION network_of_invite(p_code_hash bytea) RETURNS uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = identity, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.across_networks', 'on', true);
  RETURN (SELECT network_id FROM invites WHERE code_hash = p_code_hash);
END
$$;

-- With an empty code: the only network, if there is but one.
CREATE FUNCTION network_of_code(p_code text) RETURNS uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = identity, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.across_networks', 'on', true);
  RETURN (SELECT network_id FROM networks
          WHERE code = p_code OR (p_code = '' AND NOT EXISTS (SELECT FROM networks AS a, networks AS b WHERE a.code < b.code)));
END
$$;

CREATE FUNCTION list_networks(p_after_code text, p_limit int) RETURNS SETOF networks
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = identity, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.across_networks', 'on', true);
  RETURN QUERY SELECT * FROM networks WHERE code > p_after_code ORDER BY code LIMIT p_limit;
END
$$;

-- Deletes what has no effect any more. Returns the number of rows.
CREATE FUNCTION delete_expired(p_now timestamptz) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = identity, pg_temp AS $$
DECLARE
  v_sessions bigint;
  v_attempts bigint;
BEGIN
  PERFORM set_config('kubari.across_networks', 'on', true);
  DELETE FROM sessions WHERE expire_time <= p_now;
  GET DIAGNOSTICS v_sessions = ROW_COUNT;
  DELETE FROM sign_in_attempts WHERE attempt_time <= p_now - interval '1 day';
  GET DIAGNOSTICS v_attempts = ROW_COUNT;
  RETURN v_sessions + v_attempts;
END
$$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA identity FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA identity TO kubari_identity;
GRANT SELECT, INSERT ON networks, organisations TO kubari_identity;
GRANT SELECT, INSERT, UPDATE (password_hash) ON people TO kubari_identity;
GRANT SELECT, INSERT, DELETE ON person_grants, sign_in_attempts TO kubari_identity;
GRANT SELECT, INSERT, UPDATE (code_hash, uses_left, revoked) ON invites TO kubari_identity;
GRANT SELECT, INSERT, UPDATE (last_seen_time, revoked) ON devices, api_keys TO kubari_identity;
GRANT SELECT, INSERT, UPDATE (last_seen_time), DELETE ON sessions TO kubari_identity;
