-- What lists of offers are ordered and narrowed by.

-- Each state has its own order: a page is read from the states that are asked for, however many offers stand in others.
DROP INDEX offers_newest;
DROP INDEX offers_of_donor;
CREATE INDEX offers_newest ON offers (network_id, state, create_time, offer_id);
CREATE INDEX offers_ready ON offers (network_id, state, ready_date, offer_id);
CREATE INDEX offers_of_donor ON offers (network_id, donor_id, state, create_time, offer_id);
CREATE INDEX offers_of_donor_ready ON offers (network_id, donor_id, state, ready_date, offer_id);
