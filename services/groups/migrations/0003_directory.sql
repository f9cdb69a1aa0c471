-- The directory, applications, confirmations, needs and surveys.

ALTER TABLE groups DROP CONSTRAINT groups_state_check;
ALTER TABLE groups
  ADD CONSTRAINT groups_state_check CHECK (state BETWEEN 1 AND 5),
  ADD COLUMN legal_form smallint NOT NULL DEFAULT 0,            -- kubari.groups.v1.LegalForm
  ADD COLUMN municipalities text[] COLLATE "C" NOT NULL DEFAULT '{}',  -- areas, and where its sites are
  ADD COLUMN activities smallint[] NOT NULL DEFAULT '{}',       -- kubari.groups.v1.ActivityKind
  ADD COLUMN age_bands smallint[] NOT NULL DEFAULT '{}',
  ADD COLUMN wanted_help smallint[] NOT NULL DEFAULT '{}',
  ADD COLUMN evidence_ends date[] NOT NULL DEFAULT '{}',        -- last days of its evidence
  ADD COLUMN confirmed_from date,                               -- the oldest confirmation among its sections
  ADD COLUMN review_date date,
  ADD COLUMN application bytea;                                 -- kubari.groups.v1.Application without what other columns hold; NULL: imported long ago

-- Sections that nobody has confirmed count from the day the group was registered.
ALTER TABLE groups NO FORCE ROW LEVEL SECURITY;
UPDATE groups SET confirmed_from = create_time::date;
ALTER TABLE groups FORCE ROW LEVEL SECURITY;
ALTER TABLE groups ALTER COLUMN confirmed_from SET NOT NULL;
CREATE INDEX groups_by_review ON groups (network_id, review_date, group_id) WHERE review_date IS NOT NULL;
CREATE INDEX groups_applied ON groups (network_id, create_time) WHERE state IN (1, 4);

-- What a section was confirmed by, and when: added only. The latest of each is in the group's profile as well, as it is read with it.
CREATE TABLE confirmations (
  network_id uuid NOT NULL,
  group_id uuid NOT NULL,
  section smallint NOT NULL,          -- kubari.groups.v1.Section
  confirm_time timestamptz NOT NULL,
  PRIMARY KEY (network_id, group_id, section, confirm_time),
  FOREIGN KEY (network_id, group_id) REFERENCES groups ON DELETE CASCADE
);

-- Codes of the e-mails to applicants: with one the applicant sees how the application stands.
CREATE TABLE application_codes (
  network_id uuid NOT NULL,
  code_hash bytea NOT NULL,           -- libs/auth/tokens.h
  group_id uuid NOT NULL,
  email_key text NOT NULL,            -- the address in lower case
  create_time timestamptz NOT NULL,
  PRIMARY KEY (network_id, code_hash),
  FOREIGN KEY (network_id, group_id) REFERENCES groups ON DELETE CASCADE
);
CREATE INDEX application_codes_by_time ON application_codes (network_id, create_time);

CREATE TABLE group_rules (
  network_id uuid PRIMARY KEY,
  rules bytea NOT NULL,               -- kubari.groups.v1.GroupRules
  version bigint NOT NULL DEFAULT 1
);

CREATE TABLE needs (
  network_id uuid NOT NULL,
  need_id uuid NOT NULL,
  group_id uuid NOT NULL,
  state smallint NOT NULL CHECK (state BETWEEN 1 AND 3),  -- kubari.groups.v1.NeedState; EXPIRED is a matter of the day
  standing boolean NOT NULL,
  category smallint NOT NULL,         -- kubari.type.v1.FoodCategory; 0: none
  tags smallint[] NOT NULL,
  until_date date,
  need bytea NOT NULL,                -- kubari.groups.v1.Need without what the other columns hold
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  broadcast_id uuid,                  -- of the donors service: a YES to it is this need
  PRIMARY KEY (network_id, need_id),
  FOREIGN KEY (network_id, group_id) REFERENCES groups
);
CREATE INDEX needs_of_group ON needs (network_id, group_id, create_time DESC);
CREATE INDEX needs_by_time ON needs (network_id, create_time DESC, need_id DESC);
CREATE INDEX needs_by_end ON needs (network_id, until_date, need_id) WHERE state = 1;

CREATE TABLE surveys (
  network_id uuid NOT NULL,
  survey_id uuid NOT NULL,
  open_time timestamptz NOT NULL,
  until_date date NOT NULL,
  survey bytea NOT NULL,              -- kubari.groups.v1.Survey without what the other columns hold
  version bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (network_id, survey_id)
);
CREATE INDEX surveys_by_time ON surveys (network_id, open_time DESC, survey_id DESC);

-- Days on which a network was looked through for what is due, so that two instances tell it once.
CREATE TABLE days_told (
  network_id uuid NOT NULL,
  day date NOT NULL,
  PRIMARY KEY (network_id, day)
);

ALTER TABLE confirmations ENABLE ROW LEVEL SECURITY;
ALTER TABLE confirmations FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON confirmations USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
ALTER TABLE application_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE application_codes FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON application_codes USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
ALTER TABLE group_rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE group_rules FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON group_rules USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
ALTER TABLE needs ENABLE ROW LEVEL SECURITY;
ALTER TABLE needs FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON needs USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
ALTER TABLE surveys ENABLE ROW LEVEL SECURITY;
ALTER TABLE surveys FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON surveys USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
ALTER TABLE days_told ENABLE ROW LEVEL SECURITY;
ALTER TABLE days_told FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON days_told USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);

GRANT SELECT, INSERT ON confirmations, days_told TO kubari_groups;
GRANT SELECT, INSERT, UPDATE ON group_rules, needs, surveys TO kubari_groups;
GRANT SELECT, INSERT, DELETE ON application_codes TO kubari_groups;
-- Only an application that nobody confirmed is ever erased.
CREATE POLICY unconfirmed_only ON groups AS RESTRICTIVE FOR DELETE USING (state = 4);
GRANT DELETE ON groups TO kubari_groups;
