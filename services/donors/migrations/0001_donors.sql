-- Donors and their offers. What is searched, joined or counted is a column; nested detail that is only ever read as
-- a whole is a message of the contract in a bytea column, named in its comment.

CREATE TABLE donors (
  network_id uuid NOT NULL,
  donor_id uuid NOT NULL,                          -- the organisation's id in the identity service
  code text COLLATE "C" NOT NULL CHECK (length(code) BETWEEN 1 AND 40),
  display_name text COLLATE "C" NOT NULL CHECK (length(display_name) BETWEEN 1 AND 200),
  name_kana text NOT NULL,
  contact_email text NOT NULL,
  address bytea NOT NULL,                          -- kubari.type.v1.Address
  version bigint NOT NULL DEFAULT 1,               -- the etag
  create_time timestamptz NOT NULL,
  CONSTRAINT donors_pkey PRIMARY KEY (network_id, donor_id),
  CONSTRAINT donors_code_key UNIQUE (network_id, code)
);
CREATE INDEX donors_by_name ON donors (network_id, display_name, donor_id);

ALTER TABLE agreements ADD FOREIGN KEY (network_id, party_id) REFERENCES donors;

CREATE TABLE offers (
  network_id uuid NOT NULL,
  offer_id uuid NOT NULL,
  donor_id uuid NOT NULL,
  code text COLLATE "C" NOT NULL CHECK (length(code) BETWEEN 1 AND 40),
  title text NOT NULL,
  state smallint NOT NULL CHECK (state BETWEEN 1 AND 7),  -- kubari.donors.v1.OfferState
  ready_date date NOT NULL,
  warehouse_id uuid,                               -- in the stock service; set when accepted
  agreement_id uuid,                               -- set when submitted
  decline_reason text NOT NULL DEFAULT '',
  detail bytea NOT NULL,                           -- kubari.donors.v1.Offer with place and conditions only
  version bigint NOT NULL DEFAULT 1,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  CONSTRAINT offers_pkey PRIMARY KEY (network_id, offer_id),
  CONSTRAINT offers_code_key UNIQUE (network_id, donor_id, code),
  FOREIGN KEY (network_id, donor_id) REFERENCES donors,
  FOREIGN KEY (network_id, agreement_id) REFERENCES agreements
);
CREATE INDEX offers_newest ON offers (network_id, create_time DESC, offer_id DESC);
CREATE INDEX offers_of_donor ON offers (network_id, donor_id, create_time DESC, offer_id DESC);

CREATE TABLE offer_lines (
  network_id uuid NOT NULL,
  offer_id uuid NOT NULL,
  line_id uuid NOT NULL,
  ordinal int NOT NULL,
  product_id uuid NOT NULL,                        -- in the stock service
  cases bigint NOT NULL CHECK (cases BETWEEN 1 AND 1000000),
  items_per_case bigint NOT NULL CHECK (items_per_case BETWEEN 1 AND 10000),
  accepted_cases bigint NOT NULL DEFAULT 0 CHECK (accepted_cases BETWEEN 0 AND cases),
  received_items bigint NOT NULL DEFAULT 0,        -- by the stock ledger (feed_cursor)
  detail bytea NOT NULL,                           -- kubari.donors.v1.OfferLine without what the columns hold
  CONSTRAINT offer_lines_pkey PRIMARY KEY (network_id, line_id),
  UNIQUE (network_id, offer_id, ordinal),
  FOREIGN KEY (network_id, offer_id) REFERENCES offers
);

-- libs/feed/README.md
CREATE TABLE feed_cursor (
  network_id uuid PRIMARY KEY,
  next_position bigint NOT NULL CHECK (next_position >= 0)
);

ALTER TABLE donors ENABLE ROW LEVEL SECURITY;
ALTER TABLE donors FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON donors USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
ALTER TABLE offers ENABLE ROW LEVEL SECURITY;
ALTER TABLE offers FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON offers USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
ALTER TABLE offer_lines ENABLE ROW LEVEL SECURITY;
ALTER TABLE offer_lines FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON offer_lines USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);
ALTER TABLE feed_cursor ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed_cursor FORCE ROW LEVEL SECURITY;
CREATE POLICY one_network ON feed_cursor USING (network_id = nullif(current_setting('kubari.network', true), '')::uuid);

-- Nothing is ever deleted but the lines of a draft that is written anew.
GRANT SELECT, INSERT, UPDATE ON donors, offers, feed_cursor TO kubari_donors;
GRANT SELECT, INSERT, UPDATE, DELETE ON offer_lines TO kubari_donors;
