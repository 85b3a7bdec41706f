-- The ledger, the events' index and their sealed content; roles and what each may do.
-- Run by `navctl db upgrade` as nav_owner's login, once, in a transaction. Nobody updates or deletes, whatever the role: not granted,
-- and refused by trigger. All columns of ledger and event but `record` are derived from records; `audit verify` compares.

CREATE SCHEMA nav;

-- The one writer: every commit updates this row under its epoch, so that an old core cannot commit.
CREATE TABLE nav.lease (
  only_one   boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  log_id     bytea   NOT NULL CHECK (octet_length(log_id) = 16),
  epoch      bigint  NOT NULL,
  last_seq   bigint  NOT NULL
);

-- `leaf` is what names the guilty row. Every checkpoint signs the root over all leaves before it, so:
--   record changed alone            SHA-256(0x00 || record) <> leaf: verify names that row, and goes on with `leaf`, so that the rest
--                                   of the tree still verifies and no other row is accused;
--   record and leaf changed both    the root of the next checkpoint fails: verify names the interval since the last good one;
--   leaf changed alone              named as well: the record's own hash still gives the checkpoint's root.
-- Written by core/store's COPY beside record, from the same merkle_leaf() that it appends to its frontier; never computed in SQL.
-- COPY nav.ledger (seq, at, kind, lane, record, leaf).
CREATE TABLE nav.ledger (
  seq     bigint      PRIMARY KEY,
  at      timestamptz NOT NULL,
  kind    smallint    NOT NULL,
  lane    integer,               -- of records about one lane; null: none
  record  bytea       NOT NULL,  -- nav.v1.Record as first encoded; the Merkle leaf's data
  leaf    bytea       NOT NULL CHECK (octet_length(leaf) = 32)  -- SHA-256(0x00 || record)
);
-- Definitions and other rare kinds, read at start; cursors: the newest acknowledgement of a lane.
CREATE INDEX ledger_rare ON nav.ledger (kind, seq) WHERE kind NOT IN (20, 21, 30);
CREATE INDEX ledger_lane ON nav.ledger (lane, seq) WHERE lane IS NOT NULL;
CREATE INDEX ledger_at ON nav.ledger USING brin (at);

-- Outlives content: what was once accepted is never accepted again.
CREATE TABLE nav.event (
  seq       bigint      PRIMARY KEY,
  event_id  bytea       NOT NULL CHECK (octet_length(event_id) = 16),
  agency    integer     NOT NULL,  -- AgencyDefined.number
  revision  integer     NOT NULL,
  digest    bytea       NOT NULL CHECK (octet_length(digest) = 32),
  type      smallint    NOT NULL,  -- field number of the body in nav.v1.Event
  time      timestamptz NOT NULL,  -- when it happened
  verdict   integer     NOT NULL,
  bucket_class smallint NOT NULL,
  bucket_day   integer  NOT NULL,  -- days since 1970 of acceptance
  published_seq bigint  NOT NULL
);
CREATE UNIQUE INDEX event_identity ON nav.event (event_id, agency, revision);
CREATE INDEX event_verdict ON nav.event (verdict, seq);
CREATE INDEX event_time ON nav.event (time);

-- Sealed content, a partition per retention class and month of acceptance: class × 1,000,000 + year × 100 + month.
CREATE TABLE nav.content (
  seq    bigint  NOT NULL,
  part   integer NOT NULL,
  sealed bytea   NOT NULL
) PARTITION BY LIST (part);

CREATE TABLE nav.checkpoint (
  size     bigint PRIMARY KEY,
  root     bytea  NOT NULL CHECK (octet_length(root) = 32),
  note     text   NOT NULL,
  frontier bytea  NOT NULL  -- the subtrees' roots, so that a start need not read every leaf; must give root
);

-- Every commit begins here: it takes the lease row's lock, checks that this core still holds the lease and that the numbers follow.
CREATE FUNCTION nav.advance(held_epoch bigint, first_seq bigint, final_seq bigint) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
  UPDATE nav.lease SET last_seq = final_seq WHERE epoch = held_epoch AND last_seq = first_seq - 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the lease is another core''s now, or % does not follow the last record', first_seq
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
END $$;

CREATE FUNCTION nav.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'nav.% only grows: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['ledger', 'event', 'checkpoint'] LOOP
    EXECUTE format('CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON nav.%I FOR EACH ROW EXECUTE FUNCTION nav.refuse_change()', t);
    EXECUTE format('CREATE TRIGGER never_truncated BEFORE TRUNCATE ON nav.%I FOR EACH STATEMENT EXECUTE FUNCTION nav.refuse_change()', t);
  END LOOP;
  CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON nav.content FOR EACH ROW EXECUTE FUNCTION nav.refuse_change();
  CREATE TRIGGER never_truncated BEFORE TRUNCATE ON nav.content FOR EACH STATEMENT EXECUTE FUNCTION nav.refuse_change();
  CREATE TRIGGER never_removed BEFORE DELETE ON nav.lease FOR EACH ROW EXECUTE FUNCTION nav.refuse_change();
  CREATE TRIGGER never_truncated BEFORE TRUNCATE ON nav.lease FOR EACH STATEMENT EXECUTE FUNCTION nav.refuse_change();
END $$;

-- nav_core may ask for a month's partition, and nothing else of DDL. Its triggers come with the parent's.
CREATE FUNCTION nav.ensure_part(wanted integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
DECLARE name text := format('content_%s', wanted);
BEGIN
  IF wanted < 1000000 OR wanted % 100 NOT BETWEEN 1 AND 12 THEN
    RAISE EXCEPTION 'no such part: %', wanted;
  END IF;
  IF to_regclass('nav.' || quote_ident(name)) IS NULL THEN
    EXECUTE format('CREATE TABLE nav.%I PARTITION OF nav.content FOR VALUES IN (%s)', name, wanted);
    EXECUTE format('CREATE UNIQUE INDEX ON nav.%I (seq)', name);
    EXECUTE format('CREATE TRIGGER never_truncated BEFORE TRUNCATE ON nav.%I FOR EACH STATEMENT EXECUTE FUNCTION nav.refuse_change()', name);
  END IF;
END $$;
REVOKE ALL ON FUNCTION nav.ensure_part(integer) FROM PUBLIC;

-- What readers see. Auditors' mandates (whose records) come with the ledger's issue, as filters on these.
CREATE VIEW nav.ledger_view AS SELECT seq, at, kind, lane, record, leaf FROM nav.ledger;
CREATE VIEW nav.event_view AS SELECT * FROM nav.event;
CREATE VIEW nav.content_view AS SELECT * FROM nav.content;
CREATE VIEW nav.checkpoint_view AS SELECT * FROM nav.checkpoint;
CREATE VIEW nav.lease_view AS SELECT log_id, epoch, last_seq FROM nav.lease;

GRANT USAGE ON SCHEMA nav TO nav_core, nav_desk, nav_auditor;
GRANT SELECT, INSERT ON nav.ledger, nav.event, nav.content, nav.checkpoint TO nav_core;
GRANT SELECT, INSERT, UPDATE (epoch, last_seq) ON nav.lease TO nav_core;
GRANT EXECUTE ON FUNCTION nav.ensure_part(integer) TO nav_core;
REVOKE ALL ON FUNCTION nav.advance(bigint, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION nav.advance(bigint, bigint, bigint) TO nav_core;
GRANT SELECT ON nav.ledger_view, nav.event_view, nav.content_view, nav.checkpoint_view, nav.lease_view TO nav_desk;
GRANT SELECT ON nav.ledger_view, nav.event_view, nav.checkpoint_view, nav.lease_view TO nav_auditor;
