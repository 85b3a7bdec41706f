-- Two nav-cores on one database: the lease has a holder, which renews it with every commit, and by itself while nothing is committed. Who
-- stands by takes it only where it is free (hub/core/lease.h says when); then the epoch goes up, and nothing of the old holder's is
-- committed any more. What decides is that `beat` moves, watched by the watcher's own clock: clocks of machines that can be set, the
-- database's too, decide nothing; taken and renewed are for people.

ALTER TABLE nav.lease
  ADD COLUMN node          bytea CHECK (octet_length(node) = 16),  -- the holder; null: given back, or never taken
  ADD COLUMN node_name     text        NOT NULL DEFAULT '' CHECK (octet_length(node_name) <= 64),
  ADD COLUMN session_pid   integer,      -- the holder's session with the database …
  ADD COLUMN session_start timestamptz,  -- … which is that one only with the time it began: numbers come again
  ADD COLUMN lease_ms      integer     NOT NULL DEFAULT 0 CHECK (lease_ms >= 0),  -- so long without a beat, and others may take it
  ADD COLUMN beat          bigint      NOT NULL DEFAULT 0,
  ADD COLUMN taken         timestamptz,
  ADD COLUMN renewed       timestamptz;
GRANT UPDATE (node, node_name, session_pid, session_start, lease_ms, beat, taken, renewed) ON nav.lease TO nav_core;

-- As before, and it renews. NV001: the lease is another's; a core that is told so steps down.
CREATE OR REPLACE FUNCTION nav.advance(held_epoch bigint, first_seq bigint, final_seq bigint) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
  UPDATE nav.lease SET last_seq = final_seq, beat = beat + 1, renewed = clock_timestamp()
    WHERE epoch = held_epoch AND last_seq = first_seq - 1;
  IF FOUND THEN RETURN; END IF;
  IF EXISTS (SELECT FROM nav.lease WHERE epoch = held_epoch) THEN
    RAISE EXCEPTION '% does not follow the last record', first_seq USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RAISE EXCEPTION 'the lease is another core''s now' USING ERRCODE = 'NV001';
END $$;

-- wanted_ms: the lease's length from now on.
CREATE FUNCTION nav.renew_lease(held_epoch bigint, wanted_ms integer) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  UPDATE nav.lease SET beat = beat + 1, renewed = clock_timestamp(), lease_ms = wanted_ms WHERE epoch = held_epoch;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the lease is another core''s now' USING ERRCODE = 'NV001';
  END IF;
END $$;

-- Compare and swap: no row where the epoch, or the beat (null: any), is no longer the one that was seen. What the last holder's session has
-- under way is ended first: a frozen holder, or one whose machine is gone, may have the row locked in a transaction that nobody ends.
CREATE FUNCTION nav.take_lease(seen_epoch bigint, seen_beat bigint, new_node bytea, new_name text, new_ms integer)
RETURNS TABLE (log_id bytea, epoch bigint, last_seq bigint) LANGUAGE plpgsql SET search_path = pg_catalog SET lock_timeout = '5s' AS $$
DECLARE
  wait_ms constant bigint := 2000;
BEGIN
  IF NOT EXISTS (SELECT FROM nav.lease l WHERE l.epoch = seen_epoch AND (seen_beat IS NULL OR l.beat = seen_beat)) THEN RETURN; END IF;
  PERFORM pg_terminate_backend(a.pid, wait_ms) FROM nav.lease l, pg_stat_activity a
    WHERE a.pid = l.session_pid AND a.backend_start = l.session_start AND a.pid <> pg_backend_pid();
  RETURN QUERY UPDATE nav.lease l SET epoch = l.epoch + 1, beat = l.beat + 1, node = new_node, node_name = new_name, lease_ms = new_ms,
      session_pid = pg_backend_pid(), session_start = (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()),
      taken = clock_timestamp(), renewed = clock_timestamp()
    WHERE l.epoch = seen_epoch AND (seen_beat IS NULL OR l.beat = seen_beat)
    RETURNING l.log_id, l.epoch, l.last_seq;
END $$;

-- An orderly stop: whoever stands by need not wait.
CREATE FUNCTION nav.release_lease(held_epoch bigint) RETURNS void LANGUAGE sql SET search_path = pg_catalog SET lock_timeout = '2s' AS $$
  UPDATE nav.lease SET node = NULL, session_pid = NULL, session_start = NULL, beat = beat + 1 WHERE epoch = held_epoch
$$;

-- As the watcher sees it. session_lives: whether the holder's session is there (null: it has none). server_is_new: the server was started
-- after that session, so that its end says nothing of the holder.
CREATE FUNCTION nav.look_at_lease(OUT epoch bigint, OUT beat bigint, OUT node bytea, OUT node_name text, OUT lease_ms integer,
  OUT session_lives boolean, OUT server_is_new boolean, OUT taken_ms bigint, OUT renewed_ms bigint)
RETURNS SETOF record LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT l.epoch, l.beat, l.node, l.node_name, l.lease_ms,
    -- backend_start is hidden of another role's session: then it may be the holder's.
    CASE WHEN l.session_pid IS NULL THEN NULL
      ELSE EXISTS (SELECT FROM pg_stat_activity a
                   WHERE a.pid = l.session_pid AND (a.backend_start IS NULL OR a.backend_start = l.session_start)) END,
    coalesce(l.session_start < pg_postmaster_start_time(), false),
    (extract(epoch FROM l.taken) * 1000)::bigint, (extract(epoch FROM l.renewed) * 1000)::bigint
  FROM nav.lease l
$$;

DO $$
DECLARE f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['renew_lease(bigint, integer)', 'take_lease(bigint, bigint, bytea, text, integer)', 'release_lease(bigint)',
                           'look_at_lease()'] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION nav.%s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION nav.%s TO nav_core', f);
  END LOOP;
END $$;
