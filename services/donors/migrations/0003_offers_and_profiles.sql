-- What a donor consists of and who acts for it; what is asked about offers; standing offers; broadcasts.

ALTER TABLE donors
  ADD COLUMN kind smallint NOT NULL DEFAULT 0,     -- kubari.donors.v1.DonorKind
  ADD COLUMN profile bytea NOT NULL DEFAULT '';    -- kubari.donors.v1.DonorProfile with branches and contacts only

-- The maker (donor_id) consents that another donor acts for it. One row for each pair: consenting again writes it anew.
CREATE TABLE acting (
  network_id uuid NOT NULL,
  donor_id uuid NOT NULL,
  acting_donor_id uuid NOT NULL CHECK (acting_donor_id <> donor_id),
  from_date date NOT NULL,
  until_date date,                                 -- the last day; before from_date: taken back on its first day
  PRIMARY KEY (network_id, donor_id, acting_donor_id),
  FOREIGN KEY (network_id, donor_id) REFERENCES donors,
  FOREIGN KEY (network_id, acting_donor_id) REFERENCES donors
);
CREATE INDEX acting_for ON acting (network_id, acting_donor_id);

ALTER TABLE offers DROP CONSTRAINT offers_state_check;
ALTER TABLE offers
  ADD CONSTRAINT offers_state_check CHECK (state BETWEEN 1 AND 8),
  ADD COLUMN acting_donor_id uuid,                 -- who offers in the donor's name
  ADD COLUMN agreement_version int,                -- set with agreement_id
  ADD COLUMN standing_offer_id uuid,               -- the standing offer that it was made from
  ADD COLUMN close_note text NOT NULL DEFAULT '',
  ADD COLUMN content_hash bytea,                   -- SHA-256 of what was given with a code: the same again is no other offer
  ADD COLUMN donor_sort text COLLATE "C" NOT NULL DEFAULT '',  -- the donor's display name, as lists are ordered by
  ALTER COLUMN title TYPE text COLLATE "C",
  ADD FOREIGN KEY (network_id, acting_donor_id) REFERENCES donors;
ALTER TABLE offers NO FORCE ROW LEVEL SECURITY;
ALTER TABLE donors NO FORCE ROW LEVEL SECURITY;
UPDATE offers o SET donor_sort = d.display_name FROM donors d WHERE d.network_id = o.network_id AND d.donor_id = o.donor_id;
UPDATE offers SET agreement_version = 1 WHERE agreement_id IS NOT NULL;
ALTER TABLE donors FORCE ROW LEVEL SECURITY;
ALTER TABLE offers FORCE ROW LEVEL SECURITY;
CREATE INDEX offers_by_title ON offers (network_id, state, title, offer_id);
CREATE INDEX offers_by_donor ON offers (network_id, state, donor_sort, offer_id);
CREATE INDEX offers_of_acting ON offers (network_id, acting_donor_id, state, create_time, offer_id) WHERE acting_donor_id IS NOT NULL;

CREATE TABLE offer_messages (
  network_id uuid NOT NULL,
  offer_id uuid NOT NULL,
  ordinal int NOT NULL CHECK (ordinal BETWEEN 1 AND 200),
  question boolean NOT NULL,                       -- of the network; else an answer of the donor
  body text NOT NULL CHECK (length(body) BETWEEN 1 AND 1000),
  author text NOT NULL,                            -- "people/{uuid}" and the like, for the record alone
  create_time timestamptz NOT NULL,
  PRIMARY KEY (network_id, offer_id, ordinal),
  FOREIGN KEY (network_id, offer_id) REFERENCES offers
);

CREATE TABLE standing_offers (
  network_id uuid NOT NULL,
  standing_offer_id uuid NOT NULL,
  donor_id uuid NOT NULL,
  acting_donor_id uuid,
  title text COLLATE "C" NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  weekday smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7),  -- Monday is 1
  lead_days smallint NOT NULL CHECK (lead_days BETWEEN 0 AND 28),
  from_date date NOT NULL,
  until_date date,
  paused boolean NOT NULL,
  as_draft boolean NOT NULL,
  skip_dates date[] NOT NULL,
  detail bytea NOT NULL,                           -- kubari.donors.v1.StandingOffer with lines and place only
  products bytea NOT NULL,                         -- kubari.donors.v1.Offer: its lines as the products describe them
  last_offer_id uuid,
  draft_reason text NOT NULL DEFAULT '',           -- why no offer was made for the last day
  version bigint NOT NULL DEFAULT 1,
  create_time timestamptz NOT NULL,
  CONSTRAINT standing_offers_pkey PRIMARY KEY (network_id, standing_offer_id),
  FOREIGN KEY (network_id, donor_id) REFERENCES donors,
  FOREIGN KEY (network_id, acting_donor_id) REFERENCES donors
);
CREATE INDEX standing_offers_by_title ON standing_offers (network_id, title, standing_offer_id);

-- A day for which an offer was made, or was to be and could not: each once.
CREATE TABLE standing_offer_days (
  network_id uuid NOT NULL,
  standing_offer_id uuid NOT NULL,
  ready_date date NOT NULL,
  offer_id uuid,
  PRIMARY KEY (network_id, standing_offer_id, ready_date),
  FOREIGN KEY (network_id, standing_offer_id) REFERENCES standing_offers,
  FOREIGN KEY (network_id, offer_id) REFERENCES offers
);

CREATE TABLE broadcasts (
  network_id uuid NOT NULL,
  broadcast_id uuid NOT NULL,
  offer_id uuid,
  content bytea NOT NULL,                          -- kubari.donors.v1.Broadcast as it was asked
  cases bigint NOT NULL CHECK (cases BETWEEN 1 AND 1000000),
  answer_until timestamptz NOT NULL,
  close_time timestamptz,
  version bigint NOT NULL DEFAULT 1,
  create_time timestamptz NOT NULL,
  CONSTRAINT broadcasts_pkey PRIMARY KEY (network_id, broadcast_id),
  FOREIGN KEY (network_id, offer_id) REFERENCES offers
);
CREATE INDEX broadcasts_newest ON broadcasts (network_id, create_time DESC, broadcast_id DESC);
CREATE INDEX broadcasts_of_offer ON broadcasts (network_id, offer_id) WHERE offer_id IS NOT NULL;

-- One row for each group that was asked.
CREATE TABLE broadcast_answers (
  network_id uuid NOT NULL,
  broadcast_id uuid NOT NULL,
  group_id uuid NOT NULL,                          -- in the groups service
  group_display_name text COLLATE "C" NOT NULL,    -- when it was asked
  reply smallint NOT NULL DEFAULT 0 CHECK (reply BETWEEN 0 AND 3),  -- kubari.donors.v1.BroadcastReply
  cases bigint NOT NULL DEFAULT 0 CHECK (cases >= 0),
  note text NOT NULL DEFAULT '',
  answer_time timestamptz,
  PRIMARY KEY (network_id, broadcast_id, group_id),
  FOREIGN KEY (network_id, broadcast_id) REFERENCES broadcasts
);
CREATE INDEX broadcast_answers_of_group ON broadcast_answers (network_id, group_id, broadcast_id);

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['acting', 'offer_messages', 'standing_offers', 'standing_offer_days', 'broadcasts', 'broadcast_answers'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY one_network ON %I USING (network_id = nullif(current_setting(''kubari.network'', true), '''')::uuid)', t);
  END LOOP;
END $$;

-- What was said and asked stays as it is.
GRANT SELECT, INSERT ON offer_messages, standing_offer_days TO kubari_donors;
GRANT SELECT, INSERT, UPDATE ON acting, standing_offers, broadcasts, broadcast_answers TO kubari_donors;
