-- Whether the groups service has been told what an answer means: a YES is a need of the group for once (needs.h).
ALTER TABLE broadcast_answers ADD COLUMN need_told boolean NOT NULL DEFAULT true;
CREATE INDEX broadcast_answers_untold ON broadcast_answers (network_id, answer_time) WHERE NOT need_told;
