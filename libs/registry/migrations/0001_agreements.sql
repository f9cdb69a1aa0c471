-- Agreements over time (libs/registry/README.md): what binds a party, in versions that count from a day on, and the signed papers.
-- Whose they are, the schema says itself: ALTER TABLE agreements ADD FOREIGN KEY (network_id, party_id) REFERENCES ….

CREATE TABLE agreements (
  network_id uuid NOT NULL,
  agreement_id uuid NOT NULL,
  party_id uuid NOT NULL,
  valid_from date NOT NULL,
  valid_to date CHECK (valid_to >= valid_from),
  end_date date,
  revision bigint NOT NULL DEFAULT 1,              -- the etag: versions, papers and an early end raise it
  create_time timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (network_id, agreement_id)
);
CREATE INDEX agreements_of_party ON agreements (network_id, party_id, valid_from DESC);

CREATE TABLE agreement_versions (
  network_id uuid NOT NULL,
  agreement_id uuid NOT NULL,
  version int NOT NULL CHECK (version >= 1),
  from_date date NOT NULL,                         -- the first day on which it counts
  title text NOT NULL,
  valid_to date,                                   -- as this version has it; agreements.valid_to is the newest one's
  conditions bytea,                                -- kubari.type.v1.Conditions
  duties bytea NOT NULL,                           -- kubari.type.v1.Duties
  report_months int NOT NULL DEFAULT 0,            -- of the duties
  create_time timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (network_id, agreement_id, version),
  FOREIGN KEY (network_id, agreement_id) REFERENCES agreements
);

CREATE TABLE agreement_documents (
  network_id uuid NOT NULL,
  agreement_id uuid NOT NULL,
  version int NOT NULL,
  sha256 bytea NOT NULL CHECK (length(sha256) = 32),
  file_name text NOT NULL,
  media_type text NOT NULL,
  content bytea NOT NULL CHECK (length(content) <= 4194304),
  create_time timestamptz NOT NULL,
  PRIMARY KEY (network_id, agreement_id, version, sha256),
  FOREIGN KEY (network_id, agreement_id, version) REFERENCES agreement_versions
);
ALTER TABLE agreement_documents ALTER COLUMN content SET STORAGE EXTERNAL;  -- PDF is compressed already

-- Up to which day each network's agreements were looked through for what ends or is due.
CREATE TABLE agreement_days (
  network_id uuid PRIMARY KEY,
  day date NOT NULL
);

ALTER TABLE agreements ENABLE ROW LEVEL SECURITY;
ALTER TABLE agreements FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON agreements USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
ALTER TABLE agreement_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE agreement_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON agreement_versions USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
ALTER TABLE agreement_documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE agreement_documents FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON agreement_documents USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);

ALTER TABLE agreement_days ENABLE ROW LEVEL SECURITY;
ALTER TABLE agreement_days FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON agreement_days USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);

-- Versions and papers are never changed, and nothing is ever deleted.
DO $$
DECLARE
  service text := 'kubari_' || current_schema();
BEGIN
  EXECUTE format('GRANT SELECT, INSERT, UPDATE ON agreements, agreement_days TO %I', service);
  EXECUTE format('GRANT SELECT, INSERT ON agreement_versions, agreement_documents TO %I', service);
END $$;
