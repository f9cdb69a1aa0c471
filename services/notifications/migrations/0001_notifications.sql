-- Notices, each person's inbox and choices, deliveries by e-mail and to webhooks.
--
-- Enumerations are stored as the contract's numbers (kubari.notifications.v1).

CREATE TABLE notices (
  network_id    uuid        NOT NULL,
  notice_id     uuid        NOT NULL,
  kind          smallint    NOT NULL,
  subject_ja    text        NOT NULL,
  subject_en    text        NOT NULL,
  -- Of a confidential notice text and link are empty; `sealed` has them (a Notice, encrypted) until it was sent.
  text_ja       text        NOT NULL,
  text_en       text        NOT NULL,
  sealed        bytea,
  confidential  boolean     NOT NULL,
  link          text        NOT NULL,
  -- A JSON object of texts.
  facts         text        NOT NULL,
  occurred_time timestamptz NOT NULL,
  accepted_time timestamptz NOT NULL,
  -- The Notice's audiences, until it is known who they are.
  audiences     bytea,
  CONSTRAINT notices_pkey PRIMARY KEY (network_id, notice_id)
);
CREATE INDEX notices_unaddressed ON notices (network_id, accepted_time, notice_id) WHERE audiences IS NOT NULL;
CREATE INDEX notices_by_age ON notices (accepted_time);

CREATE TABLE inbox (
  network_id    uuid        NOT NULL,
  person_id     uuid        NOT NULL,
  notice_id     uuid        NOT NULL,
  occurred_time timestamptz NOT NULL,
  read_time     timestamptz,
  CONSTRAINT inbox_pkey PRIMARY KEY (network_id, person_id, notice_id),
  CONSTRAINT inbox_notice FOREIGN KEY (network_id, notice_id) REFERENCES notices
);
CREATE INDEX inbox_by_time ON inbox (network_id, person_id, occurred_time, notice_id);
CREATE INDEX inbox_unread ON inbox (network_id, person_id, occurred_time, notice_id) WHERE read_time IS NULL;
CREATE INDEX inbox_by_notice ON inbox (network_id, notice_id);

CREATE TABLE preferences (
  network_id  uuid       NOT NULL,
  person_id   uuid       NOT NULL,
  digest_hour smallint   NOT NULL CHECK (digest_hour BETWEEN 0 AND 23),
  -- Of what was chosen: timings[i] for kinds[i].
  kinds       smallint[] NOT NULL,
  timings     smallint[] NOT NULL CHECK (cardinality(timings) = cardinality(kinds)),
  version     bigint     NOT NULL,
  CONSTRAINT preferences_pkey PRIMARY KEY (network_id, person_id)
);

CREATE TABLE webhooks (
  network_id         uuid        NOT NULL,
  webhook_id         uuid        NOT NULL,
  display_name       text        NOT NULL,
  url                text        NOT NULL,
  -- Empty: all.
  kinds              smallint[]  NOT NULL,
  state              smallint    NOT NULL CHECK (state BETWEEN 1 AND 3),
  -- Encrypted; the former one signs as well until old_secret_end.
  secret             bytea       NOT NULL,
  old_secret         bytea,
  old_secret_end     timestamptz,
  create_time        timestamptz NOT NULL,
  last_success_time  timestamptz,
  failing_since_time timestamptz,
  last_error         text        NOT NULL DEFAULT '',
  version            bigint      NOT NULL DEFAULT 1,
  CONSTRAINT webhooks_pkey PRIMARY KEY (network_id, webhook_id)
);

-- One for each notice, way and recipient, whatever is repeated.
CREATE TABLE deliveries (
  network_id         uuid        NOT NULL,
  delivery_id        uuid        NOT NULL,
  notice_id          uuid        NOT NULL,
  channel            smallint    NOT NULL CHECK (channel BETWEEN 1 AND 2),
  -- "people/{uuid}", "webhooks/{uuid}" or "mailto:{address}".
  recipient          text        NOT NULL COLLATE "C",
  display_name       text        NOT NULL,
  -- By e-mail.
  email              text        NOT NULL,
  locale             text        NOT NULL CHECK (locale IN ('ja', 'en')),
  -- 1 WAITING, 3 DELIVERED, 4 FAILED, 5 DROPPED.
  state              smallint    NOT NULL CHECK (state IN (1, 3, 4, 5)),
  -- The daily e-mail that it is part of; NULL: sent by itself.
  digest_id          uuid,
  attempts           int         NOT NULL DEFAULT 0,
  first_attempt_time timestamptz,
  next_attempt_time  timestamptz NOT NULL,
  -- Whose turn it is, and until when nobody else may try.
  claim_id           uuid,
  claim_end          timestamptz,
  last_error         text        NOT NULL DEFAULT '',
  last_error_time    timestamptz,
  create_time        timestamptz NOT NULL,
  end_time           timestamptz,
  CONSTRAINT deliveries_pkey PRIMARY KEY (network_id, delivery_id),
  CONSTRAINT deliveries_once UNIQUE (network_id, notice_id, channel, recipient),
  CONSTRAINT deliveries_notice FOREIGN KEY (network_id, notice_id) REFERENCES notices,
  CHECK ((state = 1) = (end_time IS NULL))
);
CREATE INDEX deliveries_due ON deliveries (network_id, channel, next_attempt_time) WHERE state = 1;
CREATE INDEX deliveries_digest ON deliveries (network_id, digest_id) WHERE state = 1 AND digest_id IS NOT NULL;
CREATE INDEX deliveries_by_state ON deliveries (network_id, state, delivery_id);
CREATE INDEX deliveries_by_end ON deliveries (network_id, channel, end_time) WHERE state = 3;
CREATE INDEX deliveries_by_recipient ON deliveries (network_id, recipient, delivery_id);
CREATE INDEX deliveries_open_by_recipient ON deliveries (network_id, recipient) WHERE state = 1;
CREATE INDEX deliveries_by_notice ON deliveries (network_id, notice_id);
CREATE INDEX deliveries_by_error ON deliveries (network_id, channel, last_error_time) WHERE last_error_time IS NOT NULL;
CREATE INDEX deliveries_by_age ON deliveries (end_time) WHERE state <> 1;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['notices', 'inbox', 'preferences', 'webhooks', 'deliveries'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY network ON %I '
                   'USING (network_id = nullif(current_setting(''kubari.network'', true), '''')::uuid)', t);
  END LOOP;
  -- For the functions below, which run as the owner: which networks have work, and cleaning. As in the identity service.
  FOREACH t IN ARRAY ARRAY['notices', 'inbox', 'deliveries'] LOOP
    EXECUTE format('CREATE POLICY across_networks ON %I TO CURRENT_USER '
                   'USING (current_setting(''kubari.across_networks'', true) = ''on'')', t);
  END LOOP;
END
$$;

CREATE FUNCTION unaddressed_networks() RETURNS SETOF uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = notifications, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.across_networks', 'on', true);
  RETURN QUERY SELECT DISTINCT network_id FROM notices WHERE audiences IS NOT NULL;
END
$$;

CREATE FUNCTION due_networks(p_channel smallint, p_now timestamptz) RETURNS SETOF uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = notifications, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.across_networks', 'on', true);
  RETURN QUERY SELECT DISTINCT network_id FROM deliveries
    WHERE state = 1 AND channel = p_channel AND next_attempt_time <= p_now AND (claim_end IS NULL OR claim_end <= p_now);
END
$$;

-- Deletes what is kept no longer: ended deliveries after 30 days, notices with their inbox rows after 180.
CREATE FUNCTION prune(p_now timestamptz) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = notifications, pg_temp AS $$
DECLARE
  v_deliveries bigint;
  v_notices bigint;
BEGIN
  PERFORM set_config('kubari.across_networks', 'on', true);
  DELETE FROM deliveries WHERE state <> 1 AND end_time <= p_now - CASE state WHEN 4 THEN interval '180 days' ELSE interval '30 days' END;
  GET DIAGNOSTICS v_deliveries = ROW_COUNT;
  DELETE FROM deliveries WHERE create_time <= p_now - interval '180 days';
  DELETE FROM inbox USING notices
    WHERE notices.accepted_time <= p_now - interval '180 days' AND inbox.network_id = notices.network_id AND inbox.notice_id = notices.notice_id;
  DELETE FROM notices WHERE accepted_time <= p_now - interval '180 days'
    AND NOT EXISTS (SELECT FROM deliveries d WHERE d.network_id = notices.network_id AND d.notice_id = notices.notice_id);
  GET DIAGNOSTICS v_notices = ROW_COUNT;
  RETURN v_deliveries + v_notices;
END
$$;

REVOKE EXECUTE ON FUNCTION unaddressed_networks(), due_networks(smallint, timestamptz), prune(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION unaddressed_networks(), due_networks(smallint, timestamptz), prune(timestamptz) TO kubari_notifications;
GRANT SELECT, INSERT, UPDATE (audiences, sealed) ON notices TO kubari_notifications;
GRANT SELECT, INSERT, UPDATE (read_time) ON inbox TO kubari_notifications;
GRANT SELECT, INSERT, UPDATE ON preferences, deliveries TO kubari_notifications;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhooks TO kubari_notifications;
