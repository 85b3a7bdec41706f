-- A database that was put back to an earlier state goes on as another log: in the commit of its Restored record (nav-core --restored), and
-- by nobody who does not hold the lease. nav_core may change the id in no other way.
CREATE FUNCTION nav.begin_log(held_epoch bigint, new_id bytea) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
BEGIN
  UPDATE nav.lease SET log_id = new_id WHERE epoch = held_epoch AND log_id <> new_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the lease is another core''s now' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
END $$;
REVOKE ALL ON FUNCTION nav.begin_log(bigint, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION nav.begin_log(bigint, bytea) TO nav_core;
