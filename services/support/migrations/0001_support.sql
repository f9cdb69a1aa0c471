-- Food-support requests, their journal, campaigns and applications. What they say about people is in `boxes` alone, encrypted
-- (services/support/sealing.h); its keys are in `data_keys`. Both lose their rows when it is erased; all other tables hold nothing about
-- people but ages in bands as numbers and a municipality.
--
-- Who sees a row of a request is judged twice: by the queries, and here. The setting kubari.parties holds the organisations for which the
-- transaction acts ('{uuid,…}'), or '*' for the service's own work (erasing, statistics, what is overdue). Unset, nothing is seen.

CREATE FUNCTION acts_for_all() RETURNS boolean LANGUAGE sql STABLE AS
  $$ SELECT coalesce(current_setting('kubari.parties', true), '') = '*' $$;
CREATE FUNCTION acts_for() RETURNS uuid[] LANGUAGE sql STABLE AS
  $$ SELECT coalesce(nullif(nullif(current_setting('kubari.parties', true), ''), '*'), '{}')::uuid[] $$;

-- One row for each network that uses this service: its key and its settings.
CREATE TABLE networks (
  network_id         uuid        NOT NULL PRIMARY KEY,
  time_zone          text        NOT NULL,
  sealed_key         bytea       NOT NULL,               -- by the installation key; of 32 bytes
  sealed_by          text        NOT NULL,               -- that key's fingerprint
  retention_days     int         NOT NULL DEFAULT 180 CHECK (retention_days BETWEEN 0 AND 3650),
  answer_hours_today int         NOT NULL DEFAULT 3 CHECK (answer_hours_today BETWEEN 1 AND 720),
  answer_hours       int         NOT NULL DEFAULT 24 CHECK (answer_hours BETWEEN 1 AND 720),
  version            bigint      NOT NULL DEFAULT 1,     -- the etag of the settings
  create_time        timestamptz NOT NULL
);

-- Names of organisations as identity last told them.
CREATE TABLE organisations (
  network_id      uuid NOT NULL,
  organisation_id uuid NOT NULL,
  display_name    text NOT NULL,
  kind            int  NOT NULL,                          -- kubari.identity.v1.OrganisationKind
  PRIMARY KEY (network_id, organisation_id)
);

CREATE TABLE support_requests (
  network_id         uuid        NOT NULL,
  support_request_id uuid        NOT NULL,
  code               text COLLATE "C" NOT NULL CHECK (length(code) = 8),
  state              smallint    NOT NULL CHECK (state BETWEEN 1 AND 6),    -- kubari.support.v1.SupportState
  requester_id       uuid        NOT NULL,
  responsible_id     uuid        NOT NULL,                -- never nobody
  responsible_time   timestamptz NOT NULL,
  acknowledged_by    text        NOT NULL DEFAULT '',
  acknowledge_time   timestamptz,
  proposed_id        uuid CHECK (proposed_id <> responsible_id),
  propose_time       timestamptz,
  proposed_by        text,
  answer_due_time    timestamptz,
  former_ids         uuid[]      NOT NULL DEFAULT '{}',
  urgency            smallint    NOT NULL CHECK (urgency BETWEEN 1 AND 4),
  due_date           date        NOT NULL,
  municipality_code  text        NOT NULL,
  -- 0–2, 3–5, 6–11, 12–17, 18–64, 65 and over
  ages               smallint[]  NOT NULL CHECK (cardinality(ages) = 6),
  campaign_id        uuid,
  create_time        timestamptz NOT NULL,
  close_time         timestamptz,
  erased             boolean     NOT NULL DEFAULT false,
  has_contact        boolean     NOT NULL,
  households_reached int         NOT NULL DEFAULT 0,
  decline_reason     smallint    NOT NULL DEFAULT 0,
  journal_count      int         NOT NULL DEFAULT 0,
  told_overdue_time  timestamptz,
  version            bigint      NOT NULL DEFAULT 1,      -- the etag
  CONSTRAINT support_requests_pkey PRIMARY KEY (network_id, support_request_id),
  CONSTRAINT support_requests_code_key UNIQUE (network_id, code),
  -- A handover that is proposed is proposed as a whole, and only of what is open.
  CHECK ((proposed_id IS NULL) = (propose_time IS NULL) AND (proposed_id IS NULL) = (answer_due_time IS NULL)
         AND (proposed_id IS NULL) = (proposed_by IS NULL)),
  CHECK (proposed_id IS NULL OR state <= 3),
  CHECK ((close_time IS NOT NULL) = (state >= 4))
);
CREATE INDEX support_requests_by_due ON support_requests (network_id, due_date, support_request_id);
CREATE INDEX support_requests_newest ON support_requests (network_id, create_time DESC, support_request_id DESC);
CREATE INDEX support_requests_open ON support_requests (network_id, due_date) WHERE state <= 3;
CREATE INDEX support_requests_to_erase ON support_requests (network_id, close_time) WHERE close_time IS NOT NULL AND NOT erased;

-- 引き継ぎ簿. Only ever added to.
CREATE TABLE journal (
  network_id         uuid        NOT NULL,
  support_request_id uuid        NOT NULL,
  number             int         NOT NULL CHECK (number > 0),
  kind               smallint    NOT NULL CHECK (kind BETWEEN 1 AND 13),    -- kubari.support.v1.JournalKind
  time               timestamptz NOT NULL,
  actor              text        NOT NULL,
  organisation_id    uuid,
  other_id           uuid,
  state              smallint    NOT NULL,
  reason             smallint    NOT NULL DEFAULT 0,
  items              bigint      NOT NULL DEFAULT 0,
  households         int         NOT NULL DEFAULT 0,
  has_note           boolean     NOT NULL,
  PRIMARY KEY (network_id, support_request_id, number),
  FOREIGN KEY (network_id, support_request_id) REFERENCES support_requests
);

-- Parts of deliveries that were given for a request. Not a party's secret: what a delivery still has is a question over all requests.
CREATE TABLE fulfilments (
  network_id         uuid        NOT NULL,
  support_request_id uuid        NOT NULL,
  number             int         NOT NULL,               -- the journal's entry
  delivery_id        uuid        NOT NULL,
  items              bigint      NOT NULL CHECK (items BETWEEN 1 AND 1000000),
  organisation_id    uuid        NOT NULL,
  record_time        timestamptz NOT NULL,
  PRIMARY KEY (network_id, support_request_id, number, delivery_id)
);
CREATE INDEX fulfilments_of_delivery ON fulfilments (network_id, delivery_id);

CREATE TABLE campaigns (
  network_id      uuid        NOT NULL,
  campaign_id     uuid        NOT NULL,
  code            text COLLATE "C" NOT NULL,
  state           smallint    NOT NULL CHECK (state BETWEEN 1 AND 3),       -- kubari.support.v1.CampaignState
  organisation_id uuid        NOT NULL,
  closes_date     date        NOT NULL,
  content         bytea       NOT NULL,                  -- kubari.support.v1.Campaign: what a coordinator says
  create_time     timestamptz NOT NULL,
  version         bigint      NOT NULL DEFAULT 1,
  CONSTRAINT campaigns_pkey PRIMARY KEY (network_id, campaign_id),
  -- In the installation: the public address names no network.
  CONSTRAINT campaigns_code_key UNIQUE (code)
);

CREATE TABLE applications (
  network_id         uuid        NOT NULL,
  application_id     uuid        NOT NULL,
  campaign_id        uuid        NOT NULL,
  state              smallint    NOT NULL CHECK (state BETWEEN 1 AND 5),    -- kubari.support.v1.ApplicationState
  receipt_hash       bytea       NOT NULL CHECK (length(receipt_hash) = 32),
  relayed_by         text        NOT NULL,               -- empty: from the public page
  urgency            smallint    NOT NULL,
  municipality_code  text        NOT NULL,
  ages               smallint[]  NOT NULL CHECK (cardinality(ages) = 6),
  create_time        timestamptz NOT NULL,
  close_time         timestamptz,
  erased             boolean     NOT NULL DEFAULT false,
  decline_reason     smallint    NOT NULL DEFAULT 0,
  support_request_id uuid,
  CONSTRAINT applications_pkey PRIMARY KEY (network_id, application_id),
  CONSTRAINT applications_receipt_key UNIQUE (network_id, receipt_hash),
  FOREIGN KEY (network_id, campaign_id) REFERENCES campaigns,
  CHECK ((close_time IS NOT NULL) = (state >= 3))
);
CREATE INDEX applications_of_campaign ON applications (network_id, campaign_id, create_time, application_id);
CREATE INDEX applications_waiting ON applications (network_id, campaign_id, create_time, application_id) WHERE state = 2;

-- Two keys for each request or application: `part` 1 for the contact, 2 for all else. Sealed by the network's key.
CREATE TABLE data_keys (
  network_id uuid     NOT NULL,
  owner_id   uuid     NOT NULL,
  part       smallint NOT NULL CHECK (part IN (1, 2)),
  sealed_key bytea    NOT NULL,
  PRIMARY KEY (network_id, owner_id, part)
);
CREATE TABLE boxes (
  network_id uuid     NOT NULL,
  owner_id   uuid     NOT NULL,
  -- "contact", "details", "note/{number}"
  field      text     NOT NULL,
  part       smallint NOT NULL CHECK (part IN (1, 2)),
  box        bytea    NOT NULL,
  PRIMARY KEY (network_id, owner_id, field)
);

-- Who looked at what. Only ever added to.
CREATE TABLE looks (
  network_id      uuid        NOT NULL,
  look_id         uuid        NOT NULL,
  collection      text        NOT NULL CHECK (collection IN ('supportRequests', 'applications')),
  owner_id        uuid        NOT NULL,
  actor           text        NOT NULL,
  organisation_id uuid        NOT NULL,
  time            timestamptz NOT NULL,
  contact         boolean     NOT NULL,
  PRIMARY KEY (network_id, look_id)
);
CREATE INDEX looks_of_owner ON looks (network_id, owner_id, look_id DESC);

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['networks', 'organisations', 'support_requests', 'journal', 'fulfilments', 'campaigns', 'applications', 'data_keys',
                           'boxes', 'looks'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY one_network ON %I USING (network_id = nullif(current_setting(''kubari.network'', true), '''')::uuid)', t);
  END LOOP;
END
$$;

-- Beside the network: only its parties. Those of the past see a request and its journal, but not its boxes.
CREATE POLICY parties ON support_requests AS RESTRICTIVE
  USING (acts_for_all() OR requester_id = ANY (acts_for()) OR responsible_id = ANY (acts_for()) OR proposed_id = ANY (acts_for())
         OR former_ids && acts_for())
  -- Whoever changes a request may give it out of hand.
  WITH CHECK (true);
CREATE POLICY parties ON journal AS RESTRICTIVE FOR SELECT
  USING (EXISTS (SELECT FROM support_requests r WHERE r.network_id = journal.network_id AND r.support_request_id = journal.support_request_id));
CREATE POLICY parties ON applications AS RESTRICTIVE
  USING (acts_for_all() OR EXISTS (SELECT FROM campaigns c WHERE c.network_id = applications.network_id
                                   AND c.campaign_id = applications.campaign_id AND c.organisation_id = ANY (acts_for())))
  WITH CHECK (true);
CREATE FUNCTION may_open(network uuid, owner uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT acts_for_all()
    OR EXISTS (SELECT FROM support_requests r WHERE r.network_id = network AND r.support_request_id = owner
               AND (r.requester_id = ANY (acts_for()) OR r.responsible_id = ANY (acts_for()) OR r.proposed_id = ANY (acts_for())))
    OR EXISTS (SELECT FROM applications a WHERE a.network_id = network AND a.application_id = owner)
$$;
CREATE POLICY parties ON data_keys AS RESTRICTIVE USING (may_open(network_id, owner_id)) WITH CHECK (true);
CREATE POLICY parties ON boxes AS RESTRICTIVE USING (may_open(network_id, owner_id)) WITH CHECK (true);

-- Across networks: as services/identity/migrations/0001_identity.sql says it, these two functions of the owner give away ids only.
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['networks', 'campaigns'] LOOP
    EXECUTE format('CREATE POLICY across_networks ON %I TO CURRENT_USER USING (current_setting(''kubari.across_networks'', true) = ''on'')', t);
  END LOOP;
END
$$;
CREATE FUNCTION all_networks() RETURNS SETOF uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = support, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.across_networks', 'on', true);
  RETURN QUERY SELECT network_id FROM networks ORDER BY network_id;
END
$$;
CREATE FUNCTION network_of_campaign(p_code text) RETURNS uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = support, pg_temp AS $$
BEGIN
  PERFORM set_config('kubari.across_networks', 'on', true);
  RETURN (SELECT network_id FROM campaigns WHERE code = p_code AND state > 1);
END
$$;
REVOKE EXECUTE ON FUNCTION all_networks(), network_of_campaign(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION all_networks(), network_of_campaign(text) TO kubari_support;

GRANT SELECT, INSERT ON journal, fulfilments, looks TO kubari_support;
GRANT SELECT, INSERT, UPDATE ON networks, organisations, support_requests, campaigns, applications TO kubari_support;
GRANT SELECT, INSERT, UPDATE, DELETE ON boxes TO kubari_support;
GRANT SELECT, INSERT, DELETE ON data_keys TO kubari_support;
