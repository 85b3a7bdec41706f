-- What a commit need not pay for, measured (tests/bench/README.md).

-- Nothing asks by it: a time is found by halving, since records' times never go back (nav.last_before, desk/audit_seq).
DROP INDEX nav.ledger_at;

-- BRIN looks at a row's range again for each row, and takes twice what a B-tree takes whose keys come in order; equal days are stored once.
DROP INDEX nav.event_bucket;
CREATE INDEX event_bucket ON nav.event (bucket_day);

-- Each statement reads them anew from their stored text, whatever few rows it has. What they said of lengths `audit verify` says of every row, and
-- more: each of these columns must be what its record gives.
ALTER TABLE nav.ledger DROP CONSTRAINT ledger_leaf_check;
ALTER TABLE nav.event DROP CONSTRAINT event_event_id_check, DROP CONSTRAINT event_digest_check;
ALTER TABLE nav.person DROP CONSTRAINT person_token_check;
