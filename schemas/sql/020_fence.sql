-- What every commit begins with, without what it need not pay for: it cost a small commit a tenth of its time (tests/bench/README.md).

-- As in 013, but without a search_path of its own, which each call sets and takes back, outdating what plans are kept. It runs with the
-- rights of who calls it, nav_core, who may create nothing that a name here could come to mean.
CREATE OR REPLACE FUNCTION nav.advance(held_epoch bigint, first_seq bigint, final_seq bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE nav.lease SET last_seq = final_seq, beat = beat + 1, renewed = pg_catalog.clock_timestamp()
    WHERE epoch = held_epoch AND last_seq = first_seq - 1;
  IF FOUND THEN RETURN; END IF;
  IF EXISTS (SELECT FROM nav.lease WHERE epoch = held_epoch) THEN
    RAISE EXCEPTION '% does not follow the last record', first_seq USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RAISE EXCEPTION 'the lease is another core''s now' USING ERRCODE = 'NV001';
END $$;
ALTER FUNCTION nav.advance(bigint, bigint, bigint) RESET ALL;

-- A statement reads a table's CHECKs anew from their stored text, those of columns too that it leaves alone, and every commit updates this
-- row. What they said is said where the columns they spoke of are written: once when the row is made, and when its holder changes.
ALTER TABLE nav.lease
  DROP CONSTRAINT lease_only_one_check, DROP CONSTRAINT lease_log_id_check, DROP CONSTRAINT lease_node_check,
  DROP CONSTRAINT lease_node_name_check, DROP CONSTRAINT lease_lease_ms_check;

CREATE FUNCTION nav.refuse_lease() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.only_one AND octet_length(NEW.log_id) = 16 AND (NEW.node IS NULL OR octet_length(NEW.node) = 16)
    AND octet_length(NEW.node_name) <= 64 AND NEW.lease_ms >= 0 THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'nav.lease has one row: a log id of 16 bytes, a node of 16 or none, a name of at most 64' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER one_and_whole BEFORE INSERT OR UPDATE OF only_one, log_id, node, node_name, lease_ms ON nav.lease
  FOR EACH ROW EXECUTE FUNCTION nav.refuse_lease();
