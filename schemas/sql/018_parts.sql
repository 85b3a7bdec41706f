-- A commit and make_part_ahead may want the same partition at once: the second waits for the first and finds it there. It failed before, and
-- with it the connection that asked. make_part_ahead waits no longer than its lock_timeout.
CREATE OR REPLACE FUNCTION nav.ensure_part(wanted integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
DECLARE name text := format('content_%s', wanted);
BEGIN
  IF wanted < 1000000 OR wanted % 100 NOT BETWEEN 1 AND 12 THEN
    RAISE EXCEPTION 'no such part: %', wanted;
  END IF;
  IF to_regclass('nav.' || quote_ident(name)) IS NOT NULL THEN
    RETURN;
  END IF;
  LOCK TABLE nav.content IN SHARE UPDATE EXCLUSIVE MODE;  -- of those who make partitions one at a time; what others made is seen after it
  IF to_regclass('nav.' || quote_ident(name)) IS NULL THEN
    EXECUTE format('CREATE TABLE nav.%I PARTITION OF nav.content FOR VALUES IN (%s)', name, wanted);
    EXECUTE format('CREATE UNIQUE INDEX ON nav.%I (seq)', name);
    EXECUTE format('CREATE TRIGGER never_truncated BEFORE TRUNCATE ON nav.%I FOR EACH STATEMENT EXECUTE FUNCTION nav.refuse_change()', name);
  END IF;
END $$;
