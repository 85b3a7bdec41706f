-- Retention: what finds a bucket's events, makes a month's partition before it is needed, and drops it once its time is up.

-- Events come in the order of their days, so that a few pages of ranges find a day in any ledger.
CREATE INDEX event_bucket ON nav.event USING brin (bucket_day) WITH (pages_per_range = 32);

-- Both take a lock that every commit waits behind, so they wait for it for no longer than commits can: false, try again later.
CREATE FUNCTION nav.make_part_ahead(wanted integer) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog SET lock_timeout = '200ms' AS $$
BEGIN
  PERFORM nav.ensure_part(wanted);
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END $$;

-- Counts the days itself, by the database's clock and the Swedish date: nav-core alone may ask, and not for what must be kept.
CREATE FUNCTION nav.drop_part(unwanted integer) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog SET lock_timeout = '200ms' AS $$
DECLARE
  name     text := format('content_%s', unwanted);
  kept     integer := (ARRAY[7, 30, 90, 365, 730])[unwanted / 1000000];
  today    date := (now() AT TIME ZONE 'Europe/Stockholm')::date;
  last_day date;
BEGIN
  IF kept IS NULL OR unwanted % 100 NOT BETWEEN 1 AND 12 THEN
    RAISE EXCEPTION 'no such part: %', unwanted;
  END IF;
  last_day := (make_date(unwanted / 100 % 10000, unwanted % 100, 1) + interval '1 month')::date - 1;
  IF last_day + kept >= today THEN
    RAISE EXCEPTION 'part % holds content that is kept until %', unwanted, last_day + kept USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF to_regclass('nav.' || quote_ident(name)) IS NOT NULL THEN
    EXECUTE format('DROP TABLE nav.%I', name);
  END IF;
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END $$;

REVOKE ALL ON FUNCTION nav.make_part_ahead(integer), nav.drop_part(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION nav.make_part_ahead(integer), nav.drop_part(integer) TO nav_core;
