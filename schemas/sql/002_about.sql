-- What a record is about: the seq of the event, request or recall that a hold's assessment, a redecision, a recall or a
-- confirmation concerns. Derived from the record like the other columns; `audit verify` compares.

ALTER TABLE nav.ledger ADD COLUMN about bigint;
CREATE INDEX ledger_about ON nav.ledger (about, seq) WHERE about IS NOT NULL;
-- A lane's positions beside its events: what was released after assessment. (ledger_lane serves it.)

CREATE OR REPLACE VIEW nav.ledger_view AS SELECT seq, at, kind, lane, record, leaf, about FROM nav.ledger;

-- The few kinds of event that nav-core reads by type when it starts: consents, recalls, requests, sealed events.
CREATE INDEX event_governing ON nav.event (type, seq) WHERE type BETWEEN 95 AND 98;
