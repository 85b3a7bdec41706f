-- The last record from before a time: records' times never go back and their numbers have no gaps, so that it is found in log2(n) steps
-- of the primary key. For replays from a time; 0: none.

CREATE FUNCTION nav.last_before(wanted timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE
SET search_path = pg_catalog AS $$
DECLARE
  low    bigint := 0;  -- before it, or 0
  high   bigint;       -- not before it, or past the end
  middle bigint;
BEGIN
  SELECT coalesce(max(seq), 0) + 1 INTO high FROM nav.ledger;
  WHILE high - low > 1 LOOP
    middle := low + (high - low) / 2;
    IF (SELECT at < wanted FROM nav.ledger WHERE seq = middle) THEN
      low := middle;
    ELSE
      high := middle;
    END IF;
  END LOOP;
  RETURN low;
END $$;
REVOKE ALL ON FUNCTION nav.last_before(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION nav.last_before(timestamptz) TO nav_core;
