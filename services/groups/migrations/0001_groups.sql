-- Recipient groups. What is searched or joined is a column; the profile, which is only ever read as a whole, is
-- a message of the contract in a bytea column.

CREATE TABLE groups (
  network_id uuid NOT NULL,
  group_id uuid NOT NULL,                          -- the organisation's id in the identity service
  code text COLLATE "C" NOT NULL CHECK (length(code) BETWEEN 1 AND 40),
  display_name text COLLATE "C" NOT NULL CHECK (length(display_name) BETWEEN 1 AND 200),
  state smallint NOT NULL CHECK (state BETWEEN 1 AND 3),  -- kubari.groups.v1.GroupState
  suspend_reason text NOT NULL DEFAULT '',
  hub_id uuid CHECK (hub_id <> group_id),
  profile bytea NOT NULL,                          -- kubari.groups.v1.Group without what the other columns hold
  version bigint NOT NULL DEFAULT 1,               -- the etag
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  CONSTRAINT groups_pkey PRIMARY KEY (network_id, group_id),
  CONSTRAINT groups_code_key UNIQUE (network_id, code),
  -- Deferred: an import may name a hub that stands further down in the table.
  CONSTRAINT groups_hub_fkey FOREIGN KEY (network_id, hub_id) REFERENCES groups DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX groups_by_name ON groups (network_id, display_name, group_id);
CREATE INDEX groups_by_hub ON groups (network_id, hub_id) WHERE hub_id IS NOT NULL;

ALTER TABLE agreements ADD FOREIGN KEY (network_id, party_id) REFERENCES groups;

ALTER TABLE groups ENABLE ROW LEVEL SECURITY;
ALTER TABLE groups FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON groups USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);

-- Nothing is ever deleted.
GRANT SELECT, INSERT, UPDATE ON groups TO kubari_groups;
