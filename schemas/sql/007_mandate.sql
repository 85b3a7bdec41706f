-- What the questions of an auditor's mandate lead to: from an event to the records that name it among others. Derived from the
-- records; `audit verify` compares.

-- Read and BriefingCompiled name what was read, Recalled what was taken back, RequestAnswered the answer: record_mentions.
CREATE TABLE nav.mention (
  event_seq bigint NOT NULL,
  seq       bigint NOT NULL,  -- the record's
  PRIMARY KEY (event_seq, seq)
);
-- By record: `audit verify` goes through both tables beside the ledger.
CREATE INDEX mention_record ON nav.mention (seq);
CREATE INDEX person_event ON nav.person (seq);

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON nav.mention FOR EACH ROW EXECUTE FUNCTION nav.refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON nav.mention FOR EACH STATEMENT EXECUTE FUNCTION nav.refuse_change();

CREATE VIEW nav.mention_view AS SELECT event_seq, seq FROM nav.mention;
GRANT SELECT, INSERT ON nav.mention TO nav_core;
GRANT SELECT ON nav.mention_view TO nav_desk, nav_auditor;
