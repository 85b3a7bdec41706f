-- An accepted event's columns stand in its record's own row of nav.ledger: a row, a primary key and a COPY less for each event, and nothing to
-- verify between two tables. Null of records of other kinds.

ALTER TABLE nav.ledger
  ADD COLUMN event_id      bytea,        -- 16 bytes
  ADD COLUMN agency        integer,      -- AgencyDefined.number
  ADD COLUMN revision      integer,
  ADD COLUMN digest        bytea,        -- 32 bytes
  ADD COLUMN type          smallint,     -- field number of the body in nav.v1.Event
  ADD COLUMN time          timestamptz,  -- when it happened
  ADD COLUMN verdict       integer,
  ADD COLUMN bucket_class  smallint,
  ADD COLUMN bucket_day    integer,      -- days since 1970 of acceptance
  ADD COLUMN published_seq bigint;

-- A row that no record stands behind, or a second one of a record, is a fault that `audit verify` of the version before names; here it would
-- be gone without a trace.
DO $$
DECLARE stray bigint;
BEGIN
  SELECT e.seq INTO stray FROM nav.event e LEFT JOIN nav.ledger l ON l.seq = e.seq GROUP BY e.seq
    HAVING count(*) > 1 OR count(l.seq) = 0 ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'nav.event has a row numbered % that no record stands behind, or two of that number', stray
      USING HINT = 'Run navctl audit verify of the version before, keep what it says, and only then delete the row as a superuser.';
  END IF;
END $$;

-- By the tables' owner, here alone, in the transaction that adds the columns. It writes each event's row again (deploy/README.md).
ALTER TABLE nav.ledger DISABLE TRIGGER only_grows;
UPDATE nav.ledger l SET (event_id, agency, revision, digest, type, time, verdict, bucket_class, bucket_day, published_seq) =
    (e.event_id, e.agency, e.revision, e.digest, e.type, e.time, e.verdict, e.bucket_class, e.bucket_day, e.published_seq)
  FROM nav.event e WHERE e.seq = l.seq;
ALTER TABLE nav.ledger ENABLE TRIGGER only_grows;
DROP VIEW nav.event_view;
DROP TABLE nav.event;

-- What was once accepted is never accepted again.
CREATE UNIQUE INDEX event_identity ON nav.ledger (event_id, agency, revision) WHERE event_id IS NOT NULL;
CREATE INDEX event_verdict ON nav.ledger (verdict, seq) WHERE event_id IS NOT NULL;
CREATE INDEX event_governing ON nav.ledger (type, seq) WHERE type BETWEEN 95 AND 98;
-- As in 019, without intervals, which cost more and have no answer for a time that is infinite.
CREATE OR REPLACE FUNCTION nav.untimely(happened timestamptz, accepted_day integer) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN happened NOT BETWEEN to_timestamp((accepted_day - 7) * 86400.0::float8) AND to_timestamp((accepted_day + 2) * 86400.0::float8);
CREATE INDEX event_untimely ON nav.ledger (time) WHERE nav.untimely(time, bucket_day);

-- And an index less: the events of a day stand between two records, which their times tell (nav.last_before), but for what is misdated:
-- accepted on another day than its record's time says. Records' times never go back, so a clock that does makes such events.
CREATE FUNCTION nav.misdated(at timestamptz, accepted_day integer) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN NOT (at >= to_timestamp(accepted_day * 86400.0::float8) AND at < to_timestamp((accepted_day + 1) * 86400.0::float8));
REVOKE ALL ON FUNCTION nav.misdated(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION nav.misdated(timestamptz, integer) TO nav_core, nav_desk;
CREATE INDEX event_misdated ON nav.ledger (bucket_day) WHERE nav.misdated(at, bucket_day);

-- As in 015, but also where records are missing, and for who reads the views: it tells a number for a time.
CREATE OR REPLACE FUNCTION nav.last_before(wanted timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog AS $$
DECLARE
  low    bigint := 0;  -- before it, or 0
  high   bigint;       -- not before it, or past the end
  middle bigint;
BEGIN
  SELECT coalesce(max(seq), 0) + 1 INTO high FROM nav.ledger;
  WHILE high - low > 1 LOOP
    middle := low + (high - low) / 2;
    IF coalesce((SELECT at < wanted FROM nav.ledger WHERE seq <= middle AND seq > low ORDER BY seq DESC LIMIT 1), true) THEN
      low := middle;
    ELSE
      high := middle;
    END IF;
  END LOOP;
  RETURN low;
END $$;
GRANT EXECUTE ON FUNCTION nav.last_before(timestamptz) TO nav_desk, nav_auditor;

-- What was accepted, and when, without the records' bytes.
CREATE VIEW nav.event_view AS
  SELECT seq, at, event_id, agency, revision, digest, type, time, verdict, bucket_class, bucket_day, published_seq
  FROM nav.ledger WHERE event_id IS NOT NULL;
GRANT SELECT ON nav.event_view TO nav_core, nav_desk, nav_auditor;
CREATE OR REPLACE VIEW nav.ledger_view AS
  SELECT seq, at, kind, lane, record, leaf, about, reader,
    event_id, agency, revision, digest, type, time, verdict, bucket_class, bucket_day, published_seq
  FROM nav.ledger;

ANALYZE nav.ledger;  -- what an event's columns hold
